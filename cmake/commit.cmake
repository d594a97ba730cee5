# cmake -DSOURCE=<folder> -DGIVEN=<commit> -DTEMPLATE=<file> -DOUTPUT=<file> -P commit.cmake
# Writes the commit that is built into a copy of the template, unless it stands there already. Without a
# repository, as in a source package, it is what was given, else nothing.
set(PHYLL_COMMIT "${GIVEN}")
if(NOT PHYLL_COMMIT)
    execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
        OUTPUT_VARIABLE PHYLL_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND git -C ${SOURCE} diff --quiet HEAD --
        RESULT_VARIABLE changed OUTPUT_QUIET ERROR_QUIET)
    if(PHYLL_COMMIT AND changed EQUAL 1)
        string(APPEND PHYLL_COMMIT " with changes")
    endif()
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
