// phyllctl: the technician's and the shell script's way to a phylld.

#include "app.hpp"

int main(int argc, char** argv) {
    phyll::cli::App app;
    phyll::cli::add_rig_commands(app);
    phyll::cli::add_characterise_command(app);
    phyll::cli::add_rig_care_commands(app);
    phyll::cli::add_stop_commands(app);
    phyll::cli::add_lease_commands(app);
    phyll::cli::add_stream_command(app);
    phyll::cli::add_jog_command(app);
    phyll::cli::add_snapshot_command(app);
    phyll::cli::add_instrument_commands(app);
    phyll::cli::add_run_commands(app);
    phyll::cli::add_infer_command(app);
    phyll::cli::add_data_commands(app);
    phyll::cli::add_verify_command(app);
    phyll::cli::add_key_commands(app);
    phyll::cli::add_lab_commands(app);
    phyll::cli::add_audit_command(app);
    phyll::cli::add_log_level_command(app);
    phyll::cli::add_doctor_command(app);
    phyll::cli::add_metrics_command(app);
    phyll::cli::add_manual(app);
    return app.run(argc, argv);
}
