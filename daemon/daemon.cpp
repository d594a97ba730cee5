#include "daemon.hpp"

#include "daemon/config/defaults.hpp"
#include "daemon/metrics/collector.hpp"
#include "daemon/metrics/endpoint.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "daemon/rig/lab.hpp"
#include "daemon/rig/make_safe.hpp"
#include "daemon/rig/rig_factory.hpp"
#include "daemon/rpc/lease_timer.hpp"
#include "daemon/rpc/server.hpp"
#include "daemon/rpc/services/services.hpp"
#include "daemon/runs/calibration_files.hpp"
#include "daemon/runs/characterisations.hpp"
#include "daemon/runs/conditions.hpp"
#include "daemon/runs/contents/contents.hpp"
#include "daemon/runs/data_files.hpp"
#include "daemon/runs/notifying/notifier.hpp"
#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/runs/store.hpp"
#include "door.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace phyll {
namespace {

using namespace std::chrono_literals;

/// How often the rigs' ages are written down while they change.
constexpr auto age_interval = 1s;

unsigned thread_count(const v1::DaemonConfig& config) {
    return config.threads() != 0 ? config.threads()
                                 : std::max(1U, std::thread::hardware_concurrency());
}

/// The configuration with the simulations of the rigs that are made of instruments.
v1::DaemonConfig with_simulations(const Settings& settings) {
    const std::unique_ptr<config::OptionsResolver> options = known_options();
    v1::DaemonConfig config = settings.config;
    for (const v1::RigConfig& rig : settings.config.rigs()) {
        if (std::optional<v1::RigConfig> simulation = rig::simulation_of(rig)) {
            config::apply_defaults(*simulation, *options);
            *config.add_rigs() = *std::move(simulation);
        }
    }
    return config;
}

/// What the rigs' makers share; calibrations are kept by `calibrations`, or by nobody.
rig::InstrumentSite instrument_site(const Settings& settings, const Clock& clock,
                                    std::shared_ptr<rig::CalibrationStore> calibrations) {
    rig::check_instruments_are_used_once(settings.config.rigs(), settings.config.instruments());
    return {.shelf = rig::make_shelf(settings.config.instruments(), settings.lock_dir, clock,
                                     read_toml()),
            .calibrations = std::move(calibrations),
            .version = version()};
}

runs::Premises premises(const Settings& settings, const v1::DaemonConfig& config) {
    runs::Premises out{.version = version(),
                       .host = {rig::kernel_level(), cpu_model()},
                       .rigs = {},
                       .instruments = {},
                       .max_journal_bytes =
                           static_cast<std::uint64_t>(settings.config.journal_limit() * 1e9),
                       .hold_limit = Seconds(settings.config.hold_limit() * 3600.0)};
    if (settings.config.has_digital_power()) {
        out.power.digital = settings.config.digital_power();
    }
    for (const v1::RigConfig& rig : config.rigs()) {
        out.rigs[rig.name()] = rig;
        if (rig.has_power()) {
            out.power.rigs[rig.name()] = rig.power();
        }
        if (auto parts = rig::instruments_of(rig, config.instruments()); !parts.empty()) {
            out.instruments[rig.name()] = std::move(parts);
        }
    }
    return out;
}

/// Of the options of rigs, which put their own names before what cannot be read.
FileReader rig_files(const Settings& settings) {
    return runs::read_below(settings.data_dir, "");
}

std::string evidence_in_words(const LayerSpec& spec) {
    switch (spec.evidence) {
    case Evidence::simulation:
        return "simulation";
    case Evidence::replay:
        return fmt::format("replay of {}", spec.evidence_of);
    case Evidence::replay_twin:
        return fmt::format("replay (twin) of {}", spec.evidence_of);
    case Evidence::virtual_instruments:
        return "virtual instruments";
    case Evidence::hardware:
        return "hardware";
    }
    return "evidence of an unknown kind";
}

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
    void stop(int signal);

    const Settings& settings_;
    const v1::DaemonConfig config_; ///< with the simulations of rigs made of instruments
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
    boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT};
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
};

Service::Service(const Settings& settings, const Clock& clock)
    : settings_(settings),
      config_(with_simulations(settings)),
      metrics_address_(metrics_address(settings.config)),
      clock_(clock),
      state_(settings.state_dir),
      store_(state_.database()),
      contents_(state_.path() / "data", settings.data_dir, store_, clock),
      instruments_(
          instrument_site(settings, clock,
                          std::make_shared<runs::CalibrationFiles>(state_.path() / "calibration"))),
      workers_(std::make_shared<Workers>(thread_count(settings.config))),
      lab_(clock,
           [this](std::function<void()> task) { boost::asio::post(loop_, std::move(task)); }),
      lease_timer_(loop_, clock, [this] { lab_.expire(); }),
      runs_(
          premises(settings, config_), settings.config.retention(), store_, state_, lab_, clock,
          [this](const runs::NamedFiles& files) { return contents_.reader(files); },
          [this](std::function<void()> task) { boost::asio::post(loop_, std::move(task)); },
          workers_.get()),
      characterisations_(
          store_, lab_, clock,
          [this](std::function<void()> task) { boost::asio::post(loop_, std::move(task)); }),
      inferences_(static_cast<std::size_t>(config_.rigs_size()) + 1),
      notifier_(settings.config.notify(), store_, state_),
      audit_(store_, clock),
      site_{.loop = loop_,
            .desk = desk_,
            .exports = exports_,
            .inferences = inferences_,
            .uploads = uploads_,
            .lookups = lookups_,
            .clock = clock,
            .lab = lab_,
            .runs = runs_,
            .characterisations = characterisations_,
            .store = store_,
            .contents = contents_,
            .options = *options_,
            .workers = workers_.get(),
            .config = config_,
            .host = {rig::kernel_level(), cpu_model()},
            .version = version(),
            .state_dir = state_.path().string(),
            .data_dir = settings.data_dir,
            .endpoints = {},
            .keys = keys_,
            .audit = audit_,
            .server_key = {},
            .end_calls_of = {},
            .metrics = [this] { return collector_->text(); }},
      server_(loop_, dispatcher_, clock, limits_of(config_)),
      collector_(std::make_shared<metrics::Collector>(
          metrics::Build{.version = version(), .kernel_level = rig::kernel_level()}, meters_,
          [this] { return metrics::look_at(lab_, runs_, server_); },
          [this](std::function<void()> task) { boost::asio::post(loop_, std::move(task)); },
          clock)) {
    runs_.watches().when_stored([this] { notifier_.look(); });
    add_lab_service(dispatcher_, site_);
    add_instruments_service(dispatcher_, site_);
    add_client_runs_service(dispatcher_, site_);
    add_leases_service(dispatcher_, site_);
    add_rigs_service(dispatcher_, site_);
    add_stop_service(dispatcher_, site_);
    add_runs_service(dispatcher_, site_);
    add_run_control_service(dispatcher_, site_);
    add_infer_service(dispatcher_, site_);
    add_export_service(dispatcher_, site_);
    add_groups_service(dispatcher_, site_);
    add_data_service(dispatcher_, site_);
    add_admin_service(dispatcher_, site_);
    add_keys_service(dispatcher_, site_);
}

void Service::run(std::ostream& ready) {
    add_rigs();
    restore_blocks();
    lab_.begin(rig::second_look);
    listen();
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (!error) {
            stop(signal);
        }
    });
    save_ages_regularly();
    contents_.uploads().tidy();
    runs_.recover();
    notifier_.look(); // a run may wait for a person by now
    server_.start();
    nlohmann::json line{{"ready", true}, {"endpoints", site_.endpoints}, {"version", version()}};
    if (!site_.server_key.empty()) {
        line["server_key"] = site_.server_key;
    }
    if (metrics_endpoint_) {
        line["metrics"] = metrics_endpoint_->url();
    }
    ready << line.dump() << std::endl;
    spdlog::info("phylld {} serves {} rigs at {}", version(), lab_.rigs().size(),
                 fmt::join(site_.endpoints, " and "));
    serve_until_stopped();
    desk_.join();
    exports_.join();
    inferences_.join();
    uploads_.join();
    lookups_.join();
    notifier_.stop();
    save_ages_or_say_why_not();
    spdlog::info("phylld has stopped");
}

void Service::serve_until_stopped() {
    for (;;) {
        try {
            loop_.run();
            return;
        } catch (const std::exception& error) {
            // What one task of the loop could not do must not cost everybody the daemon.
            spdlog::error("a task failed inside phylld, which serves on: {}", error.what());
        }
    }
}

void Service::note_configurations() {
    std::map<std::string, runs::RigStart> rigs;
    for (const v1::RigConfig& config : config_.rigs()) {
        rigs[config.name()] = {};
    }
    const v1::Conditions now = runs::conditions(premises(settings_, config_), rigs);
    for (const v1::RigConditions& rig : now.rigs()) {
        store_.note_configuration(rig.rig(), rig.configuration_sha256(),
                                  runs::wall_seconds(clock_));
    }
}

/// A driver that was told to end makes its instruments safe first, one after the other.
rig::RigPatience Service::patience_of(const v1::RigConfig& config) const {
    rig::RigPatience patience{.query_timeout = Seconds(config.query_timeout())};
    for (const v1::InstrumentConfig& part :
         rig::instruments_of(config, settings_.config.instruments())) {
        patience.grace += 2 * Seconds(part.timeout());
    }
    return patience;
}

std::unique_ptr<rig::RigThread> Service::made(const v1::RigConfig& config,
                                              std::shared_ptr<metrics::RigMeter> meter) const {
    const auto age = saved_ages_.find(config.name());
    return std::make_unique<rig::RigThread>(
        config.name(),
        [config, workers = workers_, &clock = clock_, read = rig_files(settings_),
         site = instruments_] { return rig::make_rig(config, *workers, clock, read, site); },
        clock_, age == saved_ages_.end() ? 0 : age->second, patience_of(config),
        [meter = std::move(meter)](const rig::QueryEnd& end) { meter->note(end); });
}

void Service::add_rigs() {
    note_configurations();
    saved_ages_ = store_.rig_ages();
    // At once: a rig whose instruments do not answer must not keep the others waiting.
    std::vector<std::future<std::unique_ptr<rig::RigThread>>> rigs;
    for (const v1::RigConfig& config : config_.rigs()) {
        rigs.push_back(std::async(std::launch::async,
                                  [this, &config, meter = meters_->add_rig(config.name())] {
                                      return made(config, meter);
                                  }));
    }
    for (int i = 0; i < config_.rigs_size(); ++i) {
        const v1::RigConfig& config = config_.rigs(i);
        try {
            lab_.add(rigs[static_cast<std::size_t>(i)].get());
        } catch (const Error& error) {
            if (i < settings_.config.rigs_size()) {
                throw;
            }
            spdlog::warn("nothing can be simulated in place of a rig: {}", error.what());
            continue;
        }
        rig::RigThread& rig = lab_.rig(config.name());
        rig.set_era(store_.rig_era(config.name()).era);
        for (const std::string& note : rig.spec().notes) {
            spdlog::info("rig {}: {}", in_quotes(config.name()), note);
        }
    }
}

void Service::listen() {
    const Door door = open_door(settings_.config, state_, store_, keys_, audit_, server_);
    site_.endpoints = door.endpoints;
    site_.server_key = door.server_key;
    site_.end_calls_of = [this](const PublicKey& key, const Error& why, const rpc::Call& but) {
        return server_.end_calls_of(key, why, but);
    };
    server_.when_ended(
        [this](const rpc::Call& call, const rpc::Dispatcher::Method* method, Seconds took) {
            audit_.note(call, method);
            meters_->requests().note(method, call.code(), took);
        });
    if (metrics_address_) {
        metrics_endpoint_ = std::make_unique<metrics::Endpoint>(metrics_address_->host,
                                                                metrics_address_->port, collector_);
    }
}

void Service::restore_blocks() {
    for (const auto& [name, blocks] : store_.rig_blocks()) {
        const bool there =
            std::ranges::any_of(lab_.rigs(), [&](const auto& rig) { return rig->name() == name; });
        if (there) {
            lab_.restore_blocks(name, blocks);
        }
    }
    lab_.set_hooks(
        {.wake_at = [this](std::optional<Clock::Monotonic> when) { lease_timer_.wake_at(when); },
         .keep_blocks =
             [this](const std::string& rig, const std::vector<rig::RigBlock>& blocks) {
                 store_.save_rig_blocks(rig, blocks);
             },
         .acknowledged = [this](const std::string& rig) { runs_.acknowledged(rig); }});
}

void Service::save_ages() {
    for (const auto& rig : lab_.rigs()) {
        const std::uint64_t age = rig->status().age;
        std::uint64_t& saved = saved_ages_[rig->name()];
        if (saved != age) {
            store_.save_rig_age(rig->name(), age);
            saved = age;
        }
    }
}

void Service::save_ages_or_say_why_not() {
    try {
        save_ages();
        if (std::exchange(ages_failed_, false)) {
            spdlog::info("the rigs' ages are kept again");
        }
    } catch (const Error& error) {
        if (!std::exchange(ages_failed_, true)) { // once, not every second
            spdlog::error("the rigs' ages cannot be kept: {}; tried again every second",
                          error.what());
        }
    }
}

void Service::save_ages_regularly() {
    age_timer_.expires_after(age_interval);
    age_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        save_ages_or_say_why_not();
        save_ages_regularly();
    });
}

void Service::stop(int signal) {
    spdlog::info("phylld stops on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    server_.close();
    age_timer_.cancel();
    lease_timer_.wake_at(std::nullopt);
    runs_.stop([this] {
        collector_->close(); // nobody waits for a loop that has ended
        loop_.stop();
    });
}

/// As they are configured: none is reached for.
void say_instruments(const v1::DaemonConfig& config, std::ostream& out) {
    std::map<std::string, std::string> users;
    for (const v1::RigConfig& rig : config.rigs()) {
        for (const v1::InstrumentConfig& part : rig::instruments_of(rig, config.instruments())) {
            users[part.name()] = rig.name();
        }
    }
    for (const v1::InstrumentConfig& instrument : config.instruments()) {
        const std::string& user = users[instrument.name()];
        out << fmt::format("{}: {}{} at {}{}, {}\n", instrument.name(),
                           instrument.virtual_() ? "virtual " : "", instrument.kind(),
                           instrument.address(),
                           instrument.serial().empty() ? "" : ", serial " + instrument.serial(),
                           user.empty() ? "no rig is made of it" : "of rig " + user);
    }
}

/// A rig that reaches for nothing, not even at its end. Nothing, with a word on `out`, for one that
/// need not be there and cannot be built.
std::optional<rig::MadeRig> rig_to_look_at(const Settings& settings, const v1::RigConfig& config,
                                           bool needed, Workers& workers, const Clock& clock,
                                           const rig::InstrumentSite& site, std::ostream& out) {
    try {
        rig::MadeRig made = rig::make_rig(config, workers, clock, rig_files(settings), site);
        if (made.instruments != nullptr) {
            for (instruments::Instrument* instrument : made.instruments->instruments()) {
                instrument->shut();
            }
        }
        return made;
    } catch (const Error& error) {
        if (needed) {
            throw;
        }
        out << fmt::format("{} cannot be simulated: {}\n", config.name(), error.what());
        return std::nullopt;
    }
}

} // namespace

void check_rigs(const Settings& settings, std::ostream& out) {
    const v1::DaemonConfig config = with_simulations(settings);
    const SystemClock clock;
    Workers workers(thread_count(config));
    const bool keys = asks_for_keys(config);
    const std::optional<ListenAddress> metrics = metrics_address(config);
    const rig::InstrumentSite site = instrument_site(settings, clock, nullptr);
    for (int i = 0; i < config.rigs_size(); ++i) {
        const v1::RigConfig& rig = config.rigs(i);
        const auto made = rig_to_look_at(settings, rig, i < settings.config.rigs_size(), workers,
                                         clock, site, out);
        if (!made) {
            continue;
        }
        const LayerSpec& spec = made->layer->spec();
        out << fmt::format("{}: {}, {} inputs, {} outputs, {:g} s per sample, {}\n", rig.name(),
                           spec.kind, spec.n_in(), spec.n_out(), spec.seconds_per_sample,
                           evidence_in_words(spec));
        for (const std::string& note : spec.notes) {
            out << "  " << note << '\n';
        }
        for (const std::string& limit : spec.limits) {
            out << "  limit: " << limit << '\n';
        }
    }
    say_instruments(config, out);
    out << fmt::format("{} rig{} would be served at {}, to {}\n", config.rigs_size(),
                       config.rigs_size() == 1 ? "" : "s", config.listen(),
                       keys ? "those who have a key" : "whoever is on this machine");
    if (metrics) {
        out << fmt::format("metrics would be served at http://{}:{}/metrics, to whoever is on this "
                           "machine\n",
                           metrics->host, metrics->port);
    }
}

Served serve(const Settings& settings, const Clock& clock, std::ostream& ready) {
    std::shared_ptr<const bool> left_behind;
    {
        Service service(settings, clock);
        left_behind = service.left_behind();
        service.run(ready);
    }
    return *left_behind ? Served::thread_left_behind : Served::whole;
}

std::string cpu_model() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) {
            const std::size_t colon = line.find(": ");
            return colon == std::string::npos ? line : line.substr(colon + 2);
        }
    }
    return "unknown";
}

std::string version() {
    return PHYLL_VERSION;
}

std::string version_line() {
    return fmt::format("phylld {}, kernels {} on {}", version(), rig::kernel_level(), cpu_model());
}

} // namespace phyll
