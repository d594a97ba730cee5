#pragma once

#include "daemon/config/options.hpp"
#include "daemon/doctor/examination.hpp"
#include "daemon/rig/lab.hpp"
#include "daemon/rpc/dispatcher.hpp"
#include "daemon/rpc/key_ring.hpp"
#include "daemon/rpc/services/audit_trail.hpp"
#include "daemon/runs/characterisations.hpp"
#include "daemon/runs/contents/contents.hpp"
#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/store.hpp"
#include "drivers/core/workers.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <phyll/v1/config.pb.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace phyll::rpc {

/// What the services answer from. All of it outlives the dispatcher that they are added to, and is
/// touched on the loop's thread alone.
struct Site {
    boost::asio::io_context& loop;
    /// For what takes longer than the loop should be kept: reading data, preparing runs.
    boost::asio::thread_pool& desk;
    /// For what may take minutes, and keeps nobody at the desk waiting.
    boost::asio::thread_pool& exports;
    /// For what waits for rigs while it holds them, a thread for each rig and one more.
    boost::asio::thread_pool& inferences;
    /// For what clients upload, part after part, in the order in which it comes.
    boost::asio::thread_pool& uploads;
    /// For looking for contents, which may have to read large files: uploads do not wait for it.
    boost::asio::thread_pool& lookups;
    /// For looking at the machine, which nobody else should have to wait for.
    boost::asio::thread_pool& examinations;
    const Clock& clock;
    rig::Lab& lab;
    runs::RunManager& runs;
    runs::Characterisations& characterisations;
    runs::Store& store;
    runs::Contents& contents;
    const config::OptionsResolver& options;
    Workers* workers;               ///< that share numerical work
    const v1::DaemonConfig& config; ///< with every default filled in
    runs::Host host;
    std::string version;
    std::string commit; ///< empty: not known
    std::string state_dir;
    std::string data_dir;
    std::vector<std::string> endpoints; ///< filled in once they are bound
    // Of those who come with keys.
    KeyRing& keys;
    AuditTrail& audit;
    std::string server_key; ///< public, in hexadecimal; empty: nobody is asked for keys
    /// See Server::end_calls_of.
    std::function<std::size_t(const PublicKey& key, const Error& why, const Call& but)>
        end_calls_of;
    /// What stands in the way of the lab, which is configured so and has these rigs; takes seconds.
    /// Any thread.
    doctor::Examine examine;
    /// What Prometheus would read, in its text format.
    std::function<std::string()> metrics;
};

void add_lab_service(Dispatcher& dispatcher, const Site& site);
void add_examine_service(Dispatcher& dispatcher, const Site& site);
void add_instruments_service(Dispatcher& dispatcher, const Site& site);
void add_client_runs_service(Dispatcher& dispatcher, const Site& site);
void add_leases_service(Dispatcher& dispatcher, const Site& site);
void add_rigs_service(Dispatcher& dispatcher, const Site& site);
void add_stop_service(Dispatcher& dispatcher, const Site& site);
void add_runs_service(Dispatcher& dispatcher, const Site& site);
void add_run_control_service(Dispatcher& dispatcher, const Site& site);
void add_infer_service(Dispatcher& dispatcher, const Site& site);
void add_export_service(Dispatcher& dispatcher, const Site& site);
void add_groups_service(Dispatcher& dispatcher, const Site& site);
void add_data_service(Dispatcher& dispatcher, const Site& site);
void add_admin_service(Dispatcher& dispatcher, const Site& site);
void add_keys_service(Dispatcher& dispatcher, const Site& site);

/// Of a lease, in s: what was asked for, or the usual time where that is 0. Throws
/// INVALID_ARGUMENT.
[[nodiscard]] double time_to_live_of(double asked);
/// Throws INVALID_ARGUMENT for a note that is too long to be kept.
void check_note(const std::string& note);

/// A rig as clients see it.
[[nodiscard]] v1::RigInfo describe(const rig::RigThread& rig, const Site& site);

} // namespace phyll::rpc
