# Files that go into a program as they are: styles and scripts of its pages.

# drc_embed(LAYER NAME FILE): `const struct span NAME` holds FILE's bytes; a header of the layer declares it.
function(drc_embed layer name file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.c)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFILE=${CMAKE_SOURCE_DIR}/${file} -DOUT=${source}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${CMAKE_SOURCE_DIR}/${file} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(drc_${layer} PRIVATE ${source})
endfunction()
