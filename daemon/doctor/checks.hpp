#pragma once

#include "daemon/doctor/examination.hpp"

namespace phyll::doctor {

// The checks. Each adds a line for each thing that it looked at, or one that all is fine, or none
// where the lab has nothing of its kind. What a table of docs/doctor.md says of each holds.

/// Whether the machine's clock follows a time server, and whether it went back.
void check_clock(const Premises& premises, Findings& findings);
/// Room in the state directory, for files and for their names.
void check_disk(const Premises& premises, Findings& findings);
/// The state directory's own files: who may read and write them, and who holds it.
void check_state(const Premises& premises, Findings& findings);
/// Whether the database is whole, and of a version that this phylld knows.
void check_database(const Premises& premises, Findings& findings);
/// Folders and checkpoints of runs, and runs that wait for a person.
void check_runs(const Premises& premises, Findings& findings);
/// Health of the rigs, and why nobody may drive one.
void check_rigs(const Premises& premises, Findings& findings);
void check_calibration(const Premises& premises, Findings& findings);
/// By which processes of the machine agree on who drives an instrument.
void check_locks(const Premises& premises, Findings& findings);
// Of instruments that are configured and not virtual:
void check_usb(const Premises& premises, Findings& findings);
void check_serial(const Premises& premises, Findings& findings);
void check_display(const Premises& premises, Findings& findings);
void check_sound(const Premises& premises, Findings& findings);

/// Whether some instrument is a real one.
[[nodiscard]] bool has_hardware(const Subject& subject);

} // namespace phyll::doctor
