/* Fetches the page anew while somebody looks at it, and puts the new one in the place of the old. */
"use strict";
(() => {
  const every = 2000;
  const lost = document.getElementById("lost");
  const renew = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(document.adoptNode(fresh.querySelector("main")));
      document.title = fresh.title;
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  };
  const again = async () => {
    await renew();
    setTimeout(again, every);
  };
  setTimeout(again, every);
  document.addEventListener("visibilitychange", renew);
})();
