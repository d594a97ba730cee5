# Rooms: one library per folder of the design, each with an include root of its own.
#
# A room's include root holds nothing but a link to that room's folder, so that
# `#include "drivers/core/error.hpp"` compiles only for a target that links phyll::core.
# The source root itself is on nobody's include path.

include_guard(GLOBAL)
find_package(Protobuf REQUIRED)

add_library(phyll_warnings INTERFACE)
target_compile_options(phyll_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # What g++ does not mean by these: signs by -Wconversion, and by -Wshadow what another source of the
    # same unity build has in its unnamed namespace; and std::stable_sort uses what is deprecated.
    target_compile_options(phyll_warnings INTERFACE
        -Wno-sign-conversion -Wno-shadow -Wno-deprecated-declarations)
endif()

# phyll_include_root(<target> <scope> <path>): lets <target> include "<path>/..." and nothing beside it.
# A test that this build leaves to another one is no target.
function(phyll_include_root target scope path)
    if(NOT TARGET ${target})
        return()
    endif()
    string(MAKE_C_IDENTIFIER "${path}" id)
    set(root ${PROJECT_BINARY_DIR}/rooms/${id})
    get_filename_component(parent ${root}/${path} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${path} ${root}/${path} SYMBOLIC)
    target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${root}>)
endfunction()

# phyll_package(<target> <name>): gives it, as phyll::<name>, to those who build outside this tree, by the
# package libphyll-dev. Includes are those of this tree.
function(phyll_package target name)
    if(PHYLL_SANITIZE)
        return()
    endif()
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/phyll>)
    install(TARGETS ${target} EXPORT phyll
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/phyll COMPONENT libphyll-dev
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/phyll COMPONENT phyll-kernels)
    set_property(GLOBAL APPEND PROPERTY PHYLL_PACKAGED ${target})
endfunction()

# phyll_not_optimised(<target> [ALWAYS]): in a sanitizer build (or in any), where optimising takes more than
# half of the time of compiling, and pays for code that computes only, or that is fuzzed for hours.
function(phyll_not_optimised target)
    if((PHYLL_SANITIZE AND NOT PHYLL_FUZZ) OR "ALWAYS" IN_LIST ARGN)
        target_compile_options(${target} PRIVATE -O0)
    endif()
endfunction()

# phyll_unify(<target> SOURCES <source> ... [APART <source> ...] [ALONE <source> ...]): which sources share
# a translation unit, where the build wants that (CMAKE_UNITY_BUILD). Names in the unnamed namespaces of
# APART are also those of others, but not of each other; those of ALONE of both. What the compiler does not
# say of that, shared_names.py does.
function(phyll_unify target)
    cmake_parse_arguments(ARG "" "" "SOURCES;APART;ALONE" ${ARGN})
    foreach(source IN LISTS ARG_APART ARG_ALONE)
        if(NOT source IN_LIST ARG_SOURCES)
            message(FATAL_ERROR "${target} has no source ${source}")
        endif()
    endforeach()
    if(NOT CMAKE_UNITY_BUILD)
        return()
    endif()
    list(REMOVE_ITEM ARG_SOURCES ${ARG_APART} ${ARG_ALONE})
    set(count 0)
    foreach(source IN LISTS ARG_SOURCES)
        math(EXPR batch "${count} / ${CMAKE_UNITY_BUILD_BATCH_SIZE}")
        math(EXPR count "${count} + 1")
        set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${batch})
    endforeach()
    set_source_files_properties(${ARG_APART} PROPERTIES UNITY_GROUP apart)
    set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()

# phyll_room(<name> PATH <folder> SOURCES ... [PUBLIC ...] [PRIVATE ...] [PRECOMPILE <header> ...]
#            [APART <source> ...] [ALONE <source> ...] [COMPUTES] [PACKAGED])
# PACKAGED: see phyll_package. PRECOMPILE: large headers, of others, that most of the sources include; they do so in any case.
# APART, ALONE: see phyll_unify. COMPUTES: optimised in sanitizer builds, too.
function(phyll_room name)
    cmake_parse_arguments(ARG "COMPUTES;PACKAGED" "PATH" "SOURCES;PUBLIC;PRIVATE;PRECOMPILE;APART;ALONE" ${ARGN})
    list(TRANSFORM ARG_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/${ARG_PATH}/)
    list(TRANSFORM ARG_APART PREPEND ${PROJECT_SOURCE_DIR}/${ARG_PATH}/)
    list(TRANSFORM ARG_ALONE PREPEND ${PROJECT_SOURCE_DIR}/${ARG_PATH}/)
    add_library(phyll_${name} STATIC ${ARG_SOURCES})
    phyll_unify(phyll_${name} SOURCES ${ARG_SOURCES} APART ${ARG_APART} ALONE ${ARG_ALONE})
    add_library(phyll::${name} ALIAS phyll_${name})
    if(NOT ARG_COMPUTES)
        phyll_not_optimised(phyll_${name})
    endif()
    phyll_include_root(phyll_${name} PUBLIC ${ARG_PATH})
    target_link_libraries(phyll_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:phyll_warnings>)
    if(ARG_PACKAGED)
        phyll_package(phyll_${name} ${name})
        install(DIRECTORY ${PROJECT_SOURCE_DIR}/${ARG_PATH}/ COMPONENT libphyll-dev
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/phyll/${ARG_PATH} FILES_MATCHING PATTERN "*.hpp")
    endif()
    if(ARG_PRECOMPILE)
        target_precompile_headers(phyll_${name} PRIVATE ${ARG_PRECOMPILE})
    endif()
endfunction()

# Knows every .proto of the project and its import root; phyll_proto adds them.
add_library(phyll_protos INTERFACE)

# phyll_proto(<name> [UNTOLD] [PACKAGED] ROOT <import root> PROTOS ... [DEPENDS <other phyll_proto names>])
# UNTOLD: what the daemon keeps for itself, and explains to nobody. PACKAGED: see phyll_package.
# Generated code is compiled once, into a library of its own, without our warnings and AddressSanitizer;
# where PHYLL_PROTOS_OF says so, it is another build's.
function(phyll_proto name)
    cmake_parse_arguments(ARG "UNTOLD;PACKAGED" "ROOT" "PROTOS;DEPENDS" ${ARGN})
    set(build ${PROJECT_BINARY_DIR})
    if(PHYLL_PROTOS_OF)
        set(build ${PHYLL_PROTOS_OF})
    endif()
    set(out ${build}/generated/${name})
    file(MAKE_DIRECTORY ${out})
    set(imports -I ${PROJECT_SOURCE_DIR}/${ARG_ROOT})
    if(NOT ARG_ROOT STREQUAL "proto")
        list(APPEND imports -I ${PROJECT_SOURCE_DIR}/proto)
    endif()
    set(generated "")
    set_property(TARGET phyll_protos APPEND PROPERTY PHYLL_IMPORTS -I ${PROJECT_SOURCE_DIR}/${ARG_ROOT})
    foreach(proto IN LISTS ARG_PROTOS)
        if(NOT ARG_UNTOLD)
            set_property(TARGET phyll_protos APPEND PROPERTY
                PHYLL_FILES ${PROJECT_SOURCE_DIR}/${ARG_ROOT}/${proto})
        endif()
        if(PHYLL_PROTOS_OF)
            continue()
        endif()
        string(REGEX REPLACE "\\.proto$" "" stem ${proto})
        add_custom_command(
            OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
            COMMAND protobuf::protoc ${imports} --cpp_out=${out}
                    ${PROJECT_SOURCE_DIR}/${ARG_ROOT}/${proto}
            DEPENDS ${PROJECT_SOURCE_DIR}/${ARG_ROOT}/${proto}
            COMMENT "protoc ${proto}"
            VERBATIM)
        list(APPEND generated ${out}/${stem}.pb.cc)
    endforeach()
    if(PHYLL_PROTOS_OF)
        set(scope INTERFACE)
        file(RELATIVE_PATH folder ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR})
        add_library(phyll_${name} STATIC IMPORTED GLOBAL)
        set_target_properties(phyll_${name} PROPERTIES IMPORTED_LOCATION ${build}/${folder}/libphyll_${name}.a)
    else()
        set(scope PUBLIC)
        add_library(phyll_${name} STATIC ${generated})
        # Every generated source has static names that the others have, too.
        set_target_properties(phyll_${name} PROPERTIES UNITY_BUILD OFF)
        if(PHYLL_SANITIZE MATCHES "address")
            target_compile_options(phyll_${name} PRIVATE -fno-sanitize=all)
        endif()
    endif()
    add_library(phyll::${name} ALIAS phyll_${name})
    target_include_directories(phyll_${name} SYSTEM ${scope} $<BUILD_INTERFACE:${out}>)
    target_link_libraries(phyll_${name} ${scope} protobuf::libprotobuf)
    foreach(other IN LISTS ARG_DEPENDS)
        target_link_libraries(phyll_${name} ${scope} phyll::${other})
        add_dependencies(phyll_${name} phyll_${other})
    endforeach()
    if(ARG_PACKAGED AND NOT PHYLL_PROTOS_OF)
        phyll_package(phyll_${name} ${name})
        install(DIRECTORY ${out}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/phyll COMPONENT libphyll-dev
            FILES_MATCHING PATTERN "*.pb.h")
        foreach(proto IN LISTS ARG_PROTOS)
            get_filename_component(folder ${proto} DIRECTORY)
            install(FILES ${PROJECT_SOURCE_DIR}/${ARG_ROOT}/${proto} COMPONENT libphyll-dev
                DESTINATION ${CMAKE_INSTALL_DATADIR}/phyll/proto/${folder})
        endforeach()
    endif()
endfunction()

# phyll_embed_protos(<target> <template>): compiles <template> into <target>, with @BYTES@ in it
# replaced by what the .proto files of every phyll_proto say, comments included, which generated code
# does not have: a serialised google.protobuf.FileDescriptorSet.
function(phyll_embed_protos target template)
    set(embed ${PROJECT_SOURCE_DIR}/cmake/embed_bytes.cmake)
    set(template ${CMAKE_CURRENT_SOURCE_DIR}/${template})
    set(bytes ${CMAKE_CURRENT_BINARY_DIR}/${target}_protos.bin)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_protos.cpp)
    # Of several roots that hold a file the first gives it its name: the innermost.
    set(imports -I ${PROJECT_SOURCE_DIR}/proto $<TARGET_PROPERTY:phyll_protos,PHYLL_IMPORTS>)
    set(files $<TARGET_PROPERTY:phyll_protos,PHYLL_FILES>)
    add_custom_command(
        OUTPUT ${bytes}
        COMMAND protobuf::protoc "${imports}" --include_source_info --include_imports
                --descriptor_set_out=${bytes} "${files}"
        DEPENDS "${files}"
        COMMENT "protoc: what every .proto says"
        COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_command(
        OUTPUT ${source}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${bytes} -DTEMPLATE=${template} -DOUTPUT=${source} -P ${embed}
        DEPENDS ${bytes} ${template} ${embed}
        VERBATIM)
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
    target_sources(${target} PRIVATE ${source})
endfunction()

# phyll_kernels(<name> PATH <folder> SOURCES ...): a shared library with a C interface, built for
# x86-64, x86-64-v3 and x86-64-v4. The loader takes the best that the machine has (glibc-hwcaps),
# so no binary ever mixes code of several instruction sets.
function(phyll_kernels name)
    cmake_parse_arguments(ARG "" "PATH" "SOURCES" ${ARGN})
    list(TRANSFORM ARG_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/${ARG_PATH}/)
    set(levels x86-64)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        list(APPEND levels x86-64-v3 x86-64-v4)
    endif()
    foreach(level IN LISTS levels)
        if(level STREQUAL "x86-64")
            set(target phyll_${name})
            set(folder ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
        else()
            string(REPLACE "-" "_" suffix ${level})
            set(target phyll_${name}_${suffix})
            set(folder ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/glibc-hwcaps/${level})
            set(destination ${CMAKE_INSTALL_LIBDIR}/phyll/glibc-hwcaps/${level})
        endif()
        add_library(${target} SHARED ${ARG_SOURCES})
        set_target_properties(${target} PROPERTIES
            OUTPUT_NAME phyll_${name}
            LIBRARY_OUTPUT_DIRECTORY ${folder}
            UNITY_BUILD OFF
            CXX_VISIBILITY_PRESET hidden
            VISIBILITY_INLINES_HIDDEN ON)
        target_compile_definitions(${target} PRIVATE PHYLL_KERNEL_LEVEL="${level}")
        if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
            target_compile_options(${target} PRIVATE -march=${level})
        endif()
        # Kernels are where the time goes: optimised in every preset.
        target_compile_options(${target} PRIVATE -O3 -fno-math-errno -fno-trapping-math)
        target_link_libraries(${target} PRIVATE phyll_warnings)
        phyll_include_root(${target} PUBLIC ${ARG_PATH})
        if(level STREQUAL "x86-64")
            phyll_package(${target} ${name})
        else()
            install(TARGETS ${target} LIBRARY DESTINATION ${destination} COMPONENT phyll-kernels)
            add_dependencies(phyll_${name} ${target})
            set_property(GLOBAL APPEND PROPERTY PHYLL_PACKAGED ${target})
        endif()
    endforeach()
    add_library(phyll::${name} ALIAS phyll_${name})
endfunction()

# phyll_program(<name> SOURCES ... LINKS ... PACKAGE <Debian package> MANUAL <section>
#               [DOCUMENT_WITH <argument> ...])
# It writes its manual page and bash's completion itself; see drivers/core/command_line. DOCUMENT_WITH: what
# it is told then beside that.
function(phyll_program name)
    cmake_parse_arguments(ARG "" "PACKAGE;MANUAL" "SOURCES;LINKS;DOCUMENT_WITH" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    phyll_not_optimised(${name})
    target_link_libraries(${name} PRIVATE ${ARG_LINKS} phyll_warnings)
    set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/phyll")
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${ARG_PACKAGE})
    set_property(GLOBAL APPEND PROPERTY PHYLL_PACKAGED ${name})
    if(PHYLL_SANITIZE)
        return() # Leaks of what ends at once would be reported, and nobody installs it.
    endif()
    set(page ${PROJECT_BINARY_DIR}/documents/${name}.${ARG_MANUAL}.gz)
    set(completion ${PROJECT_BINARY_DIR}/documents/completion/${name})
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/documents/completion)
    add_custom_command(
        OUTPUT ${page} ${completion}
        COMMAND $<TARGET_FILE:${name}> ${ARG_DOCUMENT_WITH} --manual | gzip -9n > ${page}
        COMMAND $<TARGET_FILE:${name}> ${ARG_DOCUMENT_WITH} --completion > ${completion}
        DEPENDS ${name}
        COMMENT "Manual page and completion of ${name}")
    add_custom_target(${name}_documents ALL DEPENDS ${page} ${completion})
    set_property(GLOBAL APPEND PROPERTY PHYLL_PACKAGED ${name}_documents)
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${ARG_MANUAL} COMPONENT ${ARG_PACKAGE})
    install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        COMPONENT ${ARG_PACKAGE})
endfunction()
