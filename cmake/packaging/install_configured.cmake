# Part of cmake --install and of cpack, which know best what the prefix is.
#   TEMPLATE: a file; @PHYLL_BINDIR@ and @PHYLL_SYSCONFDIR@ in it are replaced. NAME: what it is installed as.
#   STAGING: a folder of the build for it. FOLDER: where to, below the prefix; "etc/...": below the folder of
#   configurations, which is /etc for the prefix /usr.
set(PHYLL_BINDIR ${CMAKE_INSTALL_PREFIX}/bin)
set(PHYLL_SYSCONFDIR ${CMAKE_INSTALL_PREFIX}/etc)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(PHYLL_SYSCONFDIR /etc)
endif()
set(destination ${CMAKE_INSTALL_PREFIX}/${FOLDER})
if(FOLDER MATCHES "^etc(/.*)")
    set(destination ${PHYLL_SYSCONFDIR}${CMAKE_MATCH_1})
endif()
# Of phylld.toml: what phylld serves without a configuration.
file(READ ${CMAKE_CURRENT_LIST_DIR}/../../daemon/config/default.toml PHYLL_DEFAULT_RIGS)
configure_file(${TEMPLATE} ${STAGING}/${NAME} @ONLY)
file(INSTALL DESTINATION ${destination} TYPE FILE FILES ${STAGING}/${NAME})
