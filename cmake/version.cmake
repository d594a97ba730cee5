# cmake -DVERSION=<version> -DSOURCES=<folder> -DTEMPLATE=<file> -DOUTPUT=<file> -P version.cmake
# Writes the template with @VERSION@ and @COMMIT@ in it replaced, where that changes anything. Sources that
# are no checkout of their own have no commit.
set(COMMIT "")
find_program(GIT git)
if(GIT AND EXISTS ${SOURCES}/.git)
    execute_process(COMMAND ${GIT} -C ${SOURCES} describe --always --exclude * --abbrev=12 --dirty
        OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
