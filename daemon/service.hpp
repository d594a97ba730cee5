#pragma once

#include "daemon.hpp"
#include "daemon/metrics/collector.hpp"
#include "daemon/metrics/endpoint.hpp"
#include "daemon/rig/lab.hpp"
#include "daemon/rpc/lease_timer.hpp"
#include "daemon/rpc/server.hpp"
#include "daemon/rpc/services/services.hpp"
#include "daemon/runs/characterisations.hpp"
#include "daemon/runs/contents/contents.hpp"
#include "daemon/runs/notifying/notifier.hpp"
#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/runs/store.hpp"
#include "daemon/supervision/pulse.hpp"
#include "daemon/supervision/terminal.hpp"
#include "door.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

namespace phyll {

/// Everything that lives while the daemon serves, in the order in which it is built.
class Service {
  public:
    Service(const Settings& settings, const Clock& clock);

    void run(std::ostream& ready);
    /// See Lab.
    [[nodiscard]] std::shared_ptr<const bool> left_behind() const { return lab_.left_behind(); }

  private:
    /// Ends the eras of rigs that are configured otherwise than when the daemon last started.
    void note_configurations();
    [[nodiscard]] rig::RigPatience patience_of(const v1::RigConfig& config) const;
    [[nodiscard]] std::unique_ptr<rig::RigThread>
    made(const v1::RigConfig& config, std::shared_ptr<metrics::RigMeter> meter) const;
    void add_rigs();
    void listen();
    void serve_until_stopped();
    void restore_blocks();
    void save_ages();
    void save_ages_or_say_why_not();
    void save_ages_regularly();
    void say_ready(std::ostream& ready);
    void be_watched();
    void await_signals();
    void reload();
    /// What became of it, in words.
    std::string apply(const v1::DaemonConfig& read);
    void stop(int signal);

    const Settings& settings_;
    v1::DaemonConfig config_; ///< with the simulations of rigs made of instruments; as it is now
    const std::optional<ListenAddress> metrics_address_;
    const Clock& clock_;
    runs::StateDir state_;
    runs::Store store_;
    runs::Contents contents_;
    const rig::InstrumentSite instruments_;
    std::shared_ptr<Workers> workers_; ///< a driver that does not return may outlive all others
    /// One thread runs it; but it is not told so: what the loop posts to itself would then come
    /// after what other threads post meanwhile, and whoever posts relies on the order.
    boost::asio::io_context loop_;
    boost::asio::thread_pool desk_{1};
    boost::asio::thread_pool exports_{1};
    boost::asio::thread_pool uploads_{1};
    boost::asio::thread_pool lookups_{1};
    boost::asio::thread_pool examinations_{1};
    boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT, SIGHUP};
    boost::asio::steady_timer age_timer_{loop_};
    /// Null: metrics are not served by HTTP. Ends after the rigs were made safe, which must not
    /// wait for a slow client of it.
    std::unique_ptr<metrics::Endpoint> metrics_endpoint_;
    rig::Lab lab_;
    rpc::LeaseTimer lease_timer_;
    runs::RunManager runs_;
    runs::Characterisations characterisations_;
    boost::asio::thread_pool inferences_;
    runs::Notifier notifier_;
    std::unique_ptr<config::OptionsResolver> options_ = known_options();
    rpc::KeyRing keys_;
    rpc::AuditTrail audit_;
    rpc::Site site_;
    rpc::Dispatcher dispatcher_;
    rpc::Server server_;
    const std::shared_ptr<metrics::Meters> meters_ = std::make_shared<metrics::Meters>();
    const std::shared_ptr<metrics::Collector> collector_;
    std::map<std::string, std::uint64_t> saved_ages_;
    bool ages_failed_ = false;
    const bool had_terminal_ = supervision::has_terminal();
    std::optional<supervision::Pulse> pulse_; ///< where somebody looks for it
};

} // namespace phyll
