# Completions for bash and zsh, filled with what the built programs say of themselves.

# drc_completion(PROGRAM): build/completions/PROGRAM and _PROGRAM, installed where both shells look for them.
function(drc_completion program)
  set(made ${CMAKE_BINARY_DIR}/completions)
  set(maker ${CMAKE_SOURCE_DIR}/packaging/completions/make.py)
  add_custom_command(
    OUTPUT ${made}/${program} ${made}/_${program}
    COMMAND ${Python3_EXECUTABLE} ${maker} $<TARGET_FILE:${program}> ${made}/${program} ${made}/_${program}
    DEPENDS ${program} ${maker} ${CMAKE_SOURCE_DIR}/man/make.py
    VERBATIM)
  add_custom_target(completion_${program} ALL DEPENDS ${made}/${program})
  install(FILES ${made}/${program} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${made}/_${program} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endfunction()
