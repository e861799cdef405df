# What an installation has beside the programs: units, examples, documents; and the Debian package made of it all.
# Everything goes below CMAKE_INSTALL_PREFIX by GNUInstallDirs, and DESTDIR is honoured.

# A unit names the program's place, which is known when it is installed.
foreach(unit drc-capture@.service drc-applier@.service drc.target)
  install(CODE "
    set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    configure_file(\"${CMAKE_SOURCE_DIR}/conf/${unit}.in\" \"${CMAKE_BINARY_DIR}/units/${unit}\" @ONLY)
    file(INSTALL \"${CMAKE_BINARY_DIR}/units/${unit}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")")
endforeach()

install(FILES conf/drc.tmpfiles DESTINATION lib/tmpfiles.d RENAME drc.conf)

install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(GLOB documents CONFIGURE_DEPENDS docs/*.md)
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES conf/one-way.yaml conf/two-way.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES conf/grafana/drc.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/grafana)
install(FILES conf/prometheus/drc-alerts.yml DESTINATION ${CMAKE_INSTALL_DOCDIR}/prometheus)
install(FILES include/drc/id.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/drc)

# ---- the Debian package: ./dev package

set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME drc)
set(CPACK_PACKAGE_CONTACT "The DRC authors <drc@drc.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "cross-datacentre replication for MariaDB and MySQL")
set(CPACK_PACKAGE_DESCRIPTION
    "Captures the binlog of a region's primary, publishes whole transactions to Kafka, and replays them in other
regions: exactly once, with conflicts on primary and unique keys detected, settled by rules and kept, and with a
comparison of both sides that can be trusted after an incident.")
set(CPACK_SET_DESTDIR ON) # CMAKE_INSTALL_PREFIX is what it will be then
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm)

# Debian wants its changelog compressed, and dates in archives that do not change from build to build.
execute_process(COMMAND gzip -9nc ${debian}/changelog OUTPUT_FILE ${CMAKE_BINARY_DIR}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${debian}/changelog)
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
include(CPack)
