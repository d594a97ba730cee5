#include "service.hpp"

#include "configured.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "daemon/rig/make_safe.hpp"
#include "daemon/runs/calibration_files.hpp"
#include "daemon/runs/conditions.hpp"
#include "daemon/supervision/supervisor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/core/version/version.hpp"
#include "examine.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <future>
#include <utility>
#include <vector>

namespace phyll {
namespace {

/// Runs what it is given on the loop.
std::function<void(std::function<void()>)> onto(boost::asio::io_context& loop) {
    return [&loop](std::function<void()> task) { boost::asio::post(loop, std::move(task)); };
}

} // namespace

Service::Service(const Settings& settings, const Clock& clock)
    : settings_(settings),
      config_(with_simulations(settings.config)),
      metrics_address_(metrics_address(settings.config)),
      clock_(clock),
      state_(settings.state_dir),
      store_(state_.database()),
      contents_(state_.path() / "data", settings.data_dir, store_, clock),
      instruments_(
          instrument_site(settings, clock,
                          std::make_shared<runs::CalibrationFiles>(state_.path() / "calibration"))),
      workers_(std::make_shared<Workers>(thread_count(settings.config))),
      lab_(clock, onto(loop_)),
      lease_timer_(loop_, clock, [this] { lab_.expire(); }),
      runs_(
          premises(settings, config_), settings.config.retention(), store_, state_, lab_, clock,
          [this](const runs::NamedFiles& files) { return contents_.reader(files); }, onto(loop_),
          workers_.get()),
      characterisations_(store_, lab_, clock, onto(loop_)),
      inferences_(static_cast<std::size_t>(config_.rigs_size()) + 1),
      notifier_(settings.config.notify(), store_, state_),
      audit_(store_, clock),
      site_{.loop = loop_,
            .desk = desk_,
            .exports = exports_,
            .inferences = inferences_,
            .uploads = uploads_,
            .lookups = lookups_,
            .examinations = examinations_,
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
            .commit = commit(),
            .state_dir = state_.path().string(),
            .data_dir = settings.data_dir,
            .endpoints = {},
            .keys = keys_,
            .audit = audit_,
            .server_key = {},
            .end_calls_of = {},
            .examine = examiner(settings, state_.path(), clock),
            .metrics = [this] { return collector_->text(); }},
      server_(loop_, dispatcher_, clock, limits_of(config_)),
      collector_(std::make_shared<metrics::Collector>(
          metrics::Build{.version = version(), .kernel_level = rig::kernel_level()}, meters_,
          [this] { return metrics::look_at(lab_, runs_, server_); }, onto(loop_), clock)) {
    runs_.watches().when_stored([this] { notifier_.look(); });
    add_lab_service(dispatcher_, site_);
    add_examine_service(dispatcher_, site_);
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
    await_signals();
    save_ages_regularly();
    contents_.uploads().tidy();
    runs_.recover();
    notifier_.look(); // a run may wait for a person by now
    server_.start();
    say_ready(ready);
    be_watched();
    serve_until_stopped();
    desk_.join();
    exports_.join();
    inferences_.join();
    uploads_.join();
    lookups_.join();
    examinations_.join();
    notifier_.stop();
    save_ages_or_say_why_not();
    spdlog::info("phylld has stopped");
}

void Service::say_ready(std::ostream& ready) {
    nlohmann::json line{{"ready", true}, {"endpoints", site_.endpoints}, {"version", version()}};
    if (!site_.server_key.empty()) {
        line["server_key"] = site_.server_key;
    }
    if (metrics_endpoint_) {
        line["metrics"] = metrics_endpoint_->url();
    }
    ready << line.dump() << std::endl;
    const std::string serves = fmt::format("serves {} rigs at {}", lab_.rigs().size(),
                                           fmt::join(site_.endpoints, " and "));
    spdlog::info("phylld {} {}", version(), serves);
    supervision::tell_ready(serves);
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

} // namespace phyll
