# cmake -DVERSION=<version> -DCOMMIT=<commit> -DSOURCES=<folder> -DTEMPLATE=<file> -DOUTPUT=<file>
#       -P version.cmake
# Writes the template with @VERSION@ and @COMMIT@ in it replaced, where that changes anything. A commit that
# is not given is asked of git; sources that are no checkout of their own have none.
find_program(GIT git)
if(NOT COMMIT AND GIT AND EXISTS ${SOURCES}/.git)
    execute_process(COMMAND ${GIT} -C ${SOURCES} describe --always --exclude * --abbrev=12 --dirty
        OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
