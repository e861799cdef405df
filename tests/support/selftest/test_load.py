"""The loads: what they count as committed is there, once; and their checks can fail."""

import pytest

from support.load import BankLoad, TokenLoad, Watch


@pytest.fixture
def shop(mariadb):
    mariadb.sql("CREATE DATABASE shop", TokenLoad.TABLE, BankLoad.TABLE, BankLoad.fill(mariadb.name))
    return mariadb


def test_every_token_is_there_once_over_a_kill(shop):
    load = TokenLoad(shop, threads=3, seed=7).start()
    load.wait_for(50)
    shop.kill()
    shop.start()
    load.wait_for(50)
    load.stop()
    assert len(load.sure) >= 100
    TokenLoad.check(shop, [load])


def test_the_token_check_sees_loss_repetition_halves_and_strangers(shop):
    with TokenLoad(shop, threads=1, seed=1) as load:
        load.wait_for(20)
    whole, other = load.sure[3][0], next(mark for mark in load.sure if mark[1] > 1)[0]
    columns = "token, txn, rows_in_txn, region, filler"
    harms = {
        "lost": f"DELETE FROM shop.token WHERE txn = '{whole}'",
        "more than once": f"INSERT INTO shop.token ({columns}) SELECT {columns} FROM shop.token LIMIT 1",
        "not whole": f"DELETE FROM shop.token WHERE txn = '{other}' LIMIT 1",
        "never were": f"INSERT INTO shop.token ({columns}) VALUES ('a', 'b', 1, 'eu', '')",
    }
    shop.sql("CREATE TABLE shop.saved AS SELECT * FROM shop.token")
    for complaint, harm in harms.items():
        shop.sql(harm)
        with pytest.raises(AssertionError, match=complaint):
            TokenLoad.check(shop, [load])
        shop.sql("DELETE FROM shop.token", "INSERT INTO shop.token SELECT * FROM shop.saved")
    TokenLoad.check(shop, [load])


def test_the_banks_total_stays(shop):
    with Watch(lambda: BankLoad.total(shop), interval=0.01) as watch, BankLoad(shop, threads=3, seed=5) as load:
        load.wait_for(500)
    assert set(watch.values) == {50 * 1000}
    assert sum(watch.values.values()) > 1
    assert shop.value("SELECT COUNT(*) FROM shop.account WHERE balance <> 1000") > 0


def test_a_mistake_of_the_test_is_shown(mariadb):
    load = TokenLoad(mariadb, threads=1)
    load.start()
    with pytest.raises(Exception, match="shop"):
        load.wait_for(1)
