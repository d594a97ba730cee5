// phyllctl: the technician's and the shell script's way to a phylld.

#include "app.hpp"

#ifdef __SANITIZE_ADDRESS__
/// What fontconfig, by which cairo writes, keeps to the end is not ours to give back.
extern "C" const char* __lsan_default_suppressions() { // NOLINT: the sanitizer's own name for it
    return "leak:libfontconfig\n";
}
extern "C" const char* __lsan_default_options() { // NOLINT: as above
    return "print_suppressions=0";
}
#endif

int main(int argc, char** argv) {
    phyll::cli::App app;
    phyll::cli::add_rig_commands(app);
    phyll::cli::add_characterise_command(app);
    phyll::cli::add_rig_care_commands(app);
    phyll::cli::add_snapshot_command(app);
    phyll::cli::add_instrument_commands(app);
    phyll::cli::add_run_commands(app);
    phyll::cli::add_data_commands(app);
    phyll::cli::add_verify_command(app);
    return app.run(argc, argv);
}
