# What is installed beside programs and libraries, and the Debian packages that are made of all of it:
#
#   ninja -C build/release packages     writes build/release/packages/*.deb; builds no tests
#
# phylld (the daemon, phyllslm, phyllaudio, their units), phyllctl, phyllsim, phyll-kernels (which all of them
# load) and libphyll-dev (docs/adding-a-rig.md).
if(PHYLL_SANITIZE)
    return() # Nobody installs it.
endif()
set(packaging ${PROJECT_SOURCE_DIR}/cmake/packaging)
set(staging ${PROJECT_BINARY_DIR}/packaging)
set(packages phylld phyllctl phyllsim phyll-kernels libphyll-dev)

# phyll_install_configured(<template> <name> <folder>): see install_configured.cmake.
function(phyll_install_configured template name folder)
    install(CODE "
        set(TEMPLATE ${template})
        set(NAME ${name})
        set(FOLDER ${folder})
        set(STAGING ${staging})
        include(${packaging}/install_configured.cmake)" COMPONENT phylld)
endfunction()

foreach(unit IN ITEMS phylld phyllaudio phyllslm)
    phyll_install_configured(${packaging}/${unit}.service.in ${unit}.service lib/systemd/system)
endforeach()
phyll_install_configured(${packaging}/phylld.toml.in phylld.toml etc/phylld)
install(FILES ${packaging}/phylld.sysusers RENAME phylld.conf DESTINATION lib/sysusers.d COMPONENT phylld)
install(FILES ${packaging}/phylld.tmpfiles RENAME phylld.conf DESTINATION lib/tmpfiles.d COMPONENT phylld)
# Who may use USB instruments; udev looks in this folder whatever the prefix of libraries is.
install(FILES ${PROJECT_SOURCE_DIR}/cmake/60-phylld.rules DESTINATION lib/udev/rules.d COMPONENT phylld)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION share/doc/phylld COMPONENT phylld
    FILES_MATCHING PATTERN "*.md")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/ DESTINATION share/doc/phyllctl/examples COMPONENT phyllctl
    FILES_MATCHING PATTERN "*.toml" PATTERN "adding-*" EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/adding-a-rig ${PROJECT_SOURCE_DIR}/examples/adding-an-instrument
    ${PROJECT_SOURCE_DIR}/examples/outside-the-tree
    DESTINATION share/doc/libphyll-dev/examples COMPONENT libphyll-dev)

# For those who build outside this tree: find_package(phyll), and what it needs of others.
install(EXPORT phyll NAMESPACE phyll:: FILE phyllTargets.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/phyll
    COMPONENT libphyll-dev)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${staging}/phyllConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${packaging}/phyllConfig.cmake ${staging}/phyllConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/phyll COMPONENT libphyll-dev)

# A licence and a history for each.
set(changelog ${staging}/changelog.Debian.gz)
add_custom_command(
    OUTPUT ${changelog}
    COMMAND gzip -9nc ${packaging}/debian/changelog > ${changelog}
    DEPENDS ${packaging}/debian/changelog
    COMMENT "")
add_custom_target(phyll_changelog ALL DEPENDS ${changelog})
foreach(package IN LISTS packages)
    install(FILES ${packaging}/debian/copyright ${changelog} DESTINATION share/doc/${package} COMPONENT ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGE_NAME phylld)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each has one of its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${packages})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "phylld maintainers <maintainers@phylld.example>")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})

# phyll_describe(<package> SECTION <section> SUMMARY <line> TEXT <text> [OURS <package> ...] [DEPENDS <others>]
#                [RECOMMENDS <packages>] [SUGGESTS <packages>])
# TEXT: in lines of less than 80 characters, without semicolons. OURS: those of these packages that it needs, of
# the same version. What libraries it needs is found out.
macro(phyll_describe package)
    cmake_parse_arguments(ARG "" "SECTION;SUMMARY;TEXT;DEPENDS;RECOMMENDS;SUGGESTS" "OURS" ${ARGN})
    string(TOUPPER ${package} id)
    set(CPACK_COMPONENT_${id}_DEPENDS ${ARG_OURS})
    set(CPACK_DEBIAN_${id}_PACKAGE_NAME ${package})
    set(CPACK_DEBIAN_${id}_DESCRIPTION "${ARG_SUMMARY}\n${ARG_TEXT}")
    set(CPACK_DEBIAN_${id}_PACKAGE_SECTION ${ARG_SECTION})
    set(CPACK_DEBIAN_${id}_PACKAGE_DEPENDS "${ARG_DEPENDS}")
    set(CPACK_DEBIAN_${id}_PACKAGE_RECOMMENDS "${ARG_RECOMMENDS}")
    set(CPACK_DEBIAN_${id}_PACKAGE_SUGGESTS "${ARG_SUGGESTS}")
endmacro()

phyll_describe(phyll-kernels SECTION libs
    SUMMARY "numeric kernels of phylld"
    TEXT "Products, activations and wave models, compiled for each level of x86-64:
the loader takes the best that the machine has. The programs of phylld load
them.")
phyll_describe(phylld SECTION science OURS phyll-kernels
    SUMMARY "daemon that trains physical neural networks on a lab's rigs"
    TEXT "phylld owns the rigs of a physical-computing lab, acoustic, microwave,
optical and electronic ones, and trains deep physical neural networks on them
without backpropagation. Runs are queued, watched, and go on after a restart.
Every rig can be a simulation, so that it needs no hardware to be tried out.

With it come phyllslm, which shows pictures on a spatial light modulator, and
phyllaudio, which plays and records through a sound card.

Software limits protect instruments. They are no safety interlock."
    DEPENDS "init-system-helpers (>= 1.54), systemd | systemd-sysusers, systemd | systemd-tmpfiles"
    RECOMMENDS "phyllctl, udev"
    SUGGESTS "phyllsim, prometheus, sqlite3, xinit, xserver-xorg-legacy")
set(CPACK_DEBIAN_PHYLLD_PACKAGE_CONTROL_EXTRA
    ${packaging}/debian/conffiles ${packaging}/debian/postinst ${packaging}/debian/prerm ${packaging}/debian/postrm)
phyll_describe(phyllctl SECTION science OURS phyll-kernels
    SUMMARY "command line for phylld"
    TEXT "Looks at the rigs of a lab, sends stimuli through them, starts and watches
training runs, fetches results, and writes reports, on the lab's machine or,
with a key, from anywhere."
    SUGGESTS "phylld")
phyll_describe(phyllsim SECTION science OURS phyll-kernels
    SUMMARY "bench of virtual instruments for phylld"
    TEXT "Vector network analysers, generators, digitisers, metasurfaces, cameras,
displays and sound cards that speak the protocols of real ones over TCP, USB,
serial lines, GigE Vision and JACK, with the physics of a lab's rigs between
them: to try out drivers, and a whole lab, without hardware."
    RECOMMENDS "phylld"
    SUGGESTS "jackd2, xvfb")
phyll_describe(libphyll-dev SECTION libdevel OURS phyll-kernels
    SUMMARY "drivers, simulations and client of phylld, to build with"
    TEXT "Headers, static libraries, protocol files and a CMake package, by which rigs,
instruments and clients are written, and tried out, outside phylld's own tree."
    DEPENDS "libaravis-dev, libcsv-dev, libeigen3-dev, libfmt-dev, liblbfgs-dev, libprotobuf-dev, libsodium-dev, \
libtomlplusplus-dev, libusb-1.0-0-dev, libzmq3-dev, pkg-config, protobuf-compiler, zlib1g-dev"
    SUGGESTS "phyllsim")
include(CPack)

# cpack installs, and builds nothing: this does.
get_property(packaged GLOBAL PROPERTY PHYLL_PACKAGED)
add_custom_target(packages
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${CPACK_PACKAGE_DIRECTORY}
    COMMAND ${CMAKE_CPACK_COMMAND} --config ${PROJECT_BINARY_DIR}/CPackConfig.cmake
    DEPENDS ${packaged} phyll_changelog
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
    USES_TERMINAL VERBATIM)
