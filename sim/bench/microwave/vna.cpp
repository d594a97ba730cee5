#include "sim/bench/microwave/vna.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::bench {
namespace {

/// Of a sweep's nominal time, what goes by between the points.
constexpr double sweep_overhead = 1.2;
constexpr std::size_t bytes_of_file = 2000;

bool covers(const Band& wide, const Band& narrow) {
    return wide.start <= narrow.start && narrow.stop <= wide.stop;
}

/// Without the folders in front, in capitals.
std::string key_of(const std::string& name) {
    return in_capitals(name.substr(name.find_last_of("\\/") + 1));
}

/// Bytes of all kinds, which only the settings decide.
std::string bytes_of(const VnaSettings& settings, std::uint64_t seed) {
    const std::string text =
        fmt::format("{} {} {} {} {} {} {} {}", settings.rf, settings.power, settings.band.start,
                    settings.band.stop, settings.band.points, settings.bandwidth,
                    settings.correction, settings.averaging ? settings.averages : 0);
    const KeyedRandom random(seed, text);
    std::string bytes = "PHYLLSIM " + text + '\n';
    while (bytes.size() < bytes_of_file) {
        bytes += static_cast<char>(random.below(256, bytes.size()));
    }
    return bytes;
}

} // namespace

Vna::Vna(std::string identity, std::optional<ErrorQueue::Sign> sign, const VnaSite& site,
         const VnaLimits& limits, const VnaSettings& settings, const std::string& file)
    : ScpiInstrument(std::move(identity), sign),
      loop_(site.loop),
      activity_(*site.site.activity),
      misbehaviour_(*site.site.misbehaviour),
      surface_(site.surface),
      cavities_(site.cavities),
      nature_(site.nature),
      noise_{site.nature.noise, KeyedRandom(site.nature.seed, "vna noise")},
      limits_(limits),
      preset_(settings),
      settings_(settings) {
    VnaSettings stored = site.stored;
    stored.rf = false;
    stored.correction = true;
    stored.calibrated = stored.band;
    add_file(file, stored);
    surface_.before_change([this] { catch_up(); });
}

std::vector<Figure> Vna::figures() const {
    return {{"sweeps", sweeps_}, {"resets", resets_}, {"rf_on", times_on_}};
}

std::vector<Output> Vna::outputs() const {
    return {{.name = "1", .on = settings_.rf, .dbm = settings_.power}};
}

void Vna::reset() {
    ++resets_;
    preset(true);
}

void Vna::start_up() {
    preset(false);
}

void Vna::preset(bool rf) {
    VnaSettings settings = preset_;
    settings.rf = rf;
    apply(settings);
    preset_language();
}

/// Also gives up what is under way.
void Vna::apply(const VnaSettings& settings) {
    drop_running();
    done_.reset();
    overloaded_ = false;
    times_on_ += settings.rf && !settings_.rf ? 1 : 0;
    settings_ = settings;
    watch_power();
    operation_over();
}

void Vna::set_rf(bool on) {
    times_on_ += on && !settings_.rf ? 1 : 0;
    settings_.rf = on;
    overloaded_ = overloaded_ && on;
    changed();
}

void Vna::set_power(double dbm) {
    for (const Misbehave& fault : misbehaviour_.next(Occasion::setting)) {
        dbm += fault.fault == Fault::power_high ? fault.value : 0.0;
    }
    settings_.power = dbm;
    changed();
}

void Vna::set_start(double hertz) {
    settings_.band.start = hertz;
    settings_.band.stop = std::max(settings_.band.stop, hertz);
    band_changed();
}

void Vna::set_stop(double hertz) {
    settings_.band.stop = hertz;
    settings_.band.start = std::min(settings_.band.start, hertz);
    band_changed();
}

void Vna::set_span(double centre, double span) {
    const NumberRange range = limits_.frequency;
    settings_.band.start = std::clamp(centre - span / 2, range.least, range.most);
    settings_.band.stop = std::clamp(centre + span / 2, range.least, range.most);
    band_changed();
}

void Vna::set_points(std::size_t points) {
    settings_.band.points = points;
    band_changed();
}

void Vna::set_bandwidth(double hertz) {
    settings_.bandwidth = hertz;
    changed();
}

void Vna::set_correction(bool on) {
    if (on && !(settings_.calibrated && covers(*settings_.calibrated, settings_.band))) {
        throw ScpiError(scpi_number::settings_conflict, "no calibration for this span");
    }
    settings_.correction = on;
    changed();
}

void Vna::set_averaging(bool on) {
    settings_.averaging = on;
    changed();
}

void Vna::set_averages(std::size_t count) {
    settings_.averages = count;
    changed();
}

void Vna::set_continuous(bool on) {
    if (on) {
        drop_running();
    } else if (settings_.continuous) {
        done_ = new_sweep();
        done_->measure(settings_.band.points, surface_.met());
    }
    settings_.continuous = on;
    operation_over();
}

void Vna::band_changed() {
    done_.reset();
    settings_.correction = settings_.correction && settings_.calibrated &&
                           covers(*settings_.calibrated, settings_.band);
    changed();
}

void Vna::changed() {
    watch_power();
    if (running_) {
        const std::size_t sweeps = running_->sweeps;
        drop_running();
        begin(sweeps);
    }
}

void Vna::initiate(std::size_t sweeps) {
    drop_running();
    completed_ = 0;
    settings_.continuous = false;
    begin(sweeps);
}

void Vna::abort() {
    drop_running();
    operation_over();
}

void Vna::drop_running() {
    if (running_) {
        activity_.end();
        running_.reset();
    }
}

Sweep Vna::new_sweep() {
    return {cavities_.at(settings_.band),
            {.band = settings_.band,
             .power = settings_.power,
             .bandwidth = settings_.bandwidth,
             .averages = settings_.averaging ? settings_.averages : 1,
             .rf = settings_.rf},
            ++begun_};
}

void Vna::begin(std::size_t sweeps) {
    const std::vector<Misbehave> faults = misbehaviour_.next(Occasion::trigger);
    Sweep sweep = new_sweep();
    const Seconds duration(nature_.sweep_time * sweep_overhead *
                           static_cast<double>(settings_.band.points * sweeps) /
                           settings_.bandwidth);
    activity_.begin();
    running_.emplace(Running{std::move(sweep), begun_, sweeps, clock_.now(), duration,
                             contains(faults, Fault::stale)});
    overloaded_ = contains(faults, Fault::overload) || too_strong();
    if (overloaded_) {
        troubles_.overloaded = true;
        receiver_overloaded();
    }
    if (contains(faults, Fault::finished)) {
        leave_flag();
    }
    if (contains(faults, Fault::missed_trigger)) {
        return; // It goes on waiting.
    }
    loop_.after(duration, [this, number = begun_] {
        if (running_ && running_->number == number) {
            finish();
        }
    });
}

void Vna::finish() {
    running_->sweep.measure(settings_.band.points, surface_.met());
    if (!running_->stale) {
        done_ = std::move(running_->sweep);
    }
    completed_ = running_->sweeps;
    sweeps_ += completed_;
    drop_running();
    swept();
    operation_over();
}

void Vna::catch_up() {
    if (!running_) {
        return;
    }
    const double part = running_->duration.count() > 0
                            ? Seconds(clock_.now() - running_->begun) / running_->duration
                            : 0.0;
    const auto points = static_cast<double>(settings_.band.points);
    running_->sweep.measure(static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * points),
                            surface_.met());
}

bool Vna::is_parameter(std::string_view name) {
    const auto is_port = [](char c) { return c == '1' || c == '2'; };
    return name.size() == 3 && same_letters(name.substr(0, 1), "S") && is_port(name[1]) &&
           is_port(name[2]);
}

std::vector<std::complex<double>> Vna::data(std::string_view parameter) {
    const auto receiver = static_cast<std::size_t>(parameter.at(1) - '1');
    const auto source = static_cast<std::size_t>(parameter.at(2) - '1');
    const auto of = [&](const Sweep& sweep) {
        return sweep.values(cavities_, noise_, receiver, source);
    };
    if (settings_.continuous) {
        Sweep now = new_sweep();
        now.measure(settings_.band.points, surface_.met());
        return of(now);
    }
    if (!running_) {
        return done_ ? of(*done_) : throw ScpiError(scpi_number::stale);
    }
    catch_up();
    std::vector<std::complex<double>> values(settings_.band.points);
    if (done_) {
        values = of(*done_);
    }
    if (!running_->stale) {
        std::ranges::copy(of(running_->sweep), values.begin());
    }
    return values;
}

/// What arrives at the receiver is more than it can take.
bool Vna::too_strong() const {
    return settings_.rf && settings_.power + nature_.path_gain > overload_level;
}

void Vna::watch_power() {
    troubles_.unleveled |= unleveled();
    if (settings_.continuous && too_strong()) {
        troubles_.overloaded = true;
    }
}

bool Vna::unleveled() const {
    return settings_.rf && settings_.power > limits_.leveled;
}

bool Vna::overloaded() const {
    return overloaded_ || (settings_.continuous && too_strong());
}

void Vna::add_file(const std::string& name, const VnaSettings& settings) {
    files_.insert_or_assign(key_of(name), File{bytes_of(settings, nature_.seed), settings});
}

const Vna::File& Vna::file(const std::string& name) const {
    const auto found = files_.find(key_of(name));
    if (found == files_.end()) {
        throw ScpiError(scpi_number::no_such_file, name);
    }
    return found->second;
}

bool Vna::has_file(const std::string& name) const {
    return files_.contains(key_of(name));
}

void Vna::store(const std::string& name) {
    add_file(name, settings_);
}

void Vna::upload(const std::string& name, std::string_view bytes) {
    File uploaded{.bytes = std::string(bytes), .settings = std::nullopt};
    for (const auto& [key, known] : files_) {
        if (known.bytes == bytes) {
            uploaded.settings = known.settings;
        }
    }
    files_.insert_or_assign(key_of(name), std::move(uploaded));
}

const VnaSettings& Vna::setup(const std::string& name) const {
    const File& found = file(name);
    if (!found.settings) {
        throw ScpiError(scpi_number::mass_storage, name);
    }
    return *found.settings;
}

void Vna::recall(const std::string& name) {
    const VnaSettings stored = setup(name);
    apply(stored);
}

void Vna::recall_calibration(const std::string& name) {
    settings_.calibrated = setup(name).calibrated;
    settings_.correction = settings_.calibrated && covers(*settings_.calibrated, settings_.band);
    changed();
}

void Vna::drop_calibration() {
    settings_.calibrated.reset();
    settings_.correction = false;
    changed();
}

} // namespace phyll::bench
