# Man pages: man/PAGE.in, filled with what the built programs say of themselves.

# drc_man(PAGE PROGRAM): build/man/PAGE out of man/PAGE.in and PROGRAM's help, installed into its section, compressed
# as Debian wants it.
function(drc_man page program)
  string(REGEX MATCH "[0-9]$" section ${page})
  set(made ${CMAKE_BINARY_DIR}/man/${page})
  add_custom_command(
    OUTPUT ${made} ${made}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/man/make.py ${CMAKE_SOURCE_DIR}/man/${page}.in ${PROJECT_VERSION}
            $<TARGET_FILE:${program}> ${made}
    COMMAND gzip -9nkf ${made}
    DEPENDS ${program} ${CMAKE_SOURCE_DIR}/man/make.py ${CMAKE_SOURCE_DIR}/man/${page}.in
    VERBATIM)
  add_custom_target(man_${page} ALL DEPENDS ${made})
  install(FILES ${made}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()
