#include "daemon/rig/calibration/calibration_book.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace phyll::rig {
namespace {

constexpr double day = 86400.0;

std::string in_words(const instruments::Identity& identity) {
    return identity.firmware.empty()
               ? identity.in_words()
               : fmt::format("{}, firmware {}", identity.in_words(), identity.firmware);
}

/// The first instrument that is another one than the calibration's; empty: there is none.
std::string difference(const std::vector<instruments::Identity>& calibrated,
                       const std::vector<instruments::Identity>& found) {
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (!found[i].known()) {
            continue;
        }
        if (i >= calibrated.size()) {
            return fmt::format("it is of {} instruments, the rig has {}", calibrated.size(),
                               found.size());
        }
        if (found[i] != calibrated[i]) {
            return fmt::format("it is of {}, the rig has {}", in_words(calibrated[i]),
                               in_words(found[i]));
        }
    }
    return {};
}

} // namespace

CalibrationBook::CalibrationBook(Rules rules, std::shared_ptr<CalibrationStore> store,
                                 const Clock& clock)
    : rules_(std::move(rules)), store_(std::move(store)), clock_(clock) {
    if (!store_) {
        return;
    }
    try {
        kept_ = store_->load(rules_.rig);
    } catch (const Error& error) {
        unreadable_ = error.what();
        spdlog::warn("rig {}: its calibration cannot be used: {}", in_quotes(rules_.rig),
                     unreadable_);
    }
}

double CalibrationBook::now() const {
    return Seconds(clock_.wall().time_since_epoch()).count();
}

void CalibrationBook::found(std::vector<instruments::Identity> instruments, std::string settings) {
    const std::lock_guard lock(mutex_);
    found_ = std::move(instruments);
    settings_ = std::move(settings);
}

void CalibrationBook::keep(const rigs::Calibration& calibration) {
    KeptCalibration kept{.calibration = calibration, .time = now(), .version = rules_.version};
    if (store_) {
        store_->save(rules_.rig, kept);
    }
    const std::lock_guard lock(mutex_);
    kept_ = std::move(kept);
    unreadable_.clear();
    found_ = calibration.identities;
    settings_ = calibration.settings;
}

CalibrationBook::Verdict CalibrationBook::judge() const {
    if (!kept_) {
        return {.state = v1::Calibration::MISSING,
                .reason = unreadable_.empty()
                              ? "it was never calibrated"
                              : fmt::format("its calibration cannot be read: {}", unreadable_)};
    }
    if (const std::string other = difference(kept_->calibration.identities, found_);
        !other.empty()) {
        return {.state = v1::Calibration::FOREIGN,
                .reason = fmt::format("its calibration is foreign: {}", other)};
    }
    if (kept_->calibration.settings != settings_) {
        return {.state = v1::Calibration::FOREIGN,
                .reason = fmt::format("its calibration is for other settings: {}; they are {}",
                                      kept_->calibration.settings, settings_)};
    }
    const double age = now() - kept_->time;
    if (age > rules_.longest.count()) {
        return {.state = v1::Calibration::STALE,
                .reason = fmt::format("its calibration is stale: it is {:.4g} days old, and "
                                      "calibration_days is {:g}",
                                      age / day, rules_.longest.count() / day)};
    }
    return {};
}

v1::Calibration::State CalibrationBook::state() const {
    const std::lock_guard lock(mutex_);
    return judge().state;
}

std::string CalibrationBook::reason() const {
    const std::lock_guard lock(mutex_);
    return judge().reason;
}

std::string CalibrationBook::refusal() const {
    const std::string why = rules_.allow ? "" : reason();
    return why.empty() ? ""
                       : fmt::format("the rig measures nothing: {}; 'phyllctl rig calibrate {}' "
                                     "calibrates it",
                                     why, rules_.rig);
}

std::optional<rigs::Calibration> CalibrationBook::to_use() const {
    const std::lock_guard lock(mutex_);
    return kept_ && judge().state != v1::Calibration::FOREIGN ? std::optional(kept_->calibration)
                                                              : std::nullopt;
}

v1::Calibration CalibrationBook::to_wire() const {
    const std::lock_guard lock(mutex_);
    const Verdict verdict = judge();
    v1::Calibration out;
    out.set_state(verdict.state);
    out.set_reason(utf8(verdict.reason));
    if (kept_) {
        out.set_time(kept_->time);
        out.set_version(kept_->version);
        for (const instruments::Identity& identity : kept_->calibration.identities) {
            out.add_instruments(utf8(identity.in_words()));
        }
        for (const rigs::Quantity& quantity : kept_->calibration.quantities) {
            v1::CalibratedQuantity& shown = *out.add_quantities();
            shown.set_name(quantity.name);
            shown.set_unit(quantity.unit);
            shown.set_value(quantity.value);
        }
        for (const rigs::Series& series : kept_->calibration.series) {
            v1::CalibratedSeries& shown = *out.add_series();
            shown.set_name(series.name);
            shown.set_unit(series.unit);
            shown.mutable_values()->Assign(series.values.begin(), series.values.end());
        }
    }
    return out;
}

std::string in_words(const v1::Calibration& calibration) {
    if (calibration.time() <= 0) {
        return calibration.reason();
    }
    std::vector<std::string> quantities;
    for (const v1::CalibratedQuantity& quantity : calibration.quantities()) {
        const std::string unit = quantity.unit() == "1" ? "" : " " + quantity.unit();
        quantities.push_back(fmt::format("{} {:.9g}{}", quantity.name(), quantity.value(), unit));
    }
    return fmt::format("{}, of {:%Y-%m-%dT%H:%M:%SZ} by phylld {}: {}",
                       calibration.reason().empty() ? "valid" : calibration.reason(),
                       fmt::gmtime(static_cast<std::time_t>(calibration.time())),
                       calibration.version(), fmt::join(quantities, ", "));
}

} // namespace phyll::rig
