#include "daemon/rig/calibration/calibrated_rig.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace phyll::rig {

CalibratedRig::CalibratedRig(std::unique_ptr<rigs::InstrumentRig> rig,
                             std::shared_ptr<CalibrationBook> book, std::size_t max_batch)
    : rig_(std::move(rig)), book_(std::move(book)), max_batch_(max_batch) {
    look();
}

void CalibratedRig::query(ConstBlock x, Block y, const QueryContext& context) {
    settle({.deadline = context.deadline, .stop = context.stop});
    rig_->query(x, y, context);
    // With the first query more is known: an analyser's state is recalled by it.
    if (rig_->spec().evidence_of != spec_.evidence_of) {
        look();
    }
}

SafeState CalibratedRig::make_safe() noexcept {
    settled_ = false;
    SafeState state = rig_->make_safe();
    try {
        look();
    } catch (const std::exception& error) {
        // It is seen again before the next query.
        spdlog::warn("what a rig is made of cannot be seen: {}", error.what());
    }
    return state;
}

Health CalibratedRig::health() const {
    if (!unreached_.empty()) {
        return {.state = Health::State::fault, .reason = unreached_};
    }
    Health health = rig_->health();
    if (health.state == Health::State::ready) {
        if (std::string reason = book_->reason(); !reason.empty()) {
            health = {.state = Health::State::degraded, .reason = std::move(reason)};
        }
    }
    return health;
}

void CalibratedRig::recover(const Deadline& deadline, std::stop_token stop) {
    settled_ = false;
    rig_->recover(deadline, std::move(stop));
    unreached_.clear();
    look();
}

void CalibratedRig::calibrate(const rigs::Patience& patience) {
    settled_ = false; // also where the new one cannot be kept: the next query takes up the old one
    const rigs::Calibration calibration = rig_->calibrate(patience);
    book_->keep(calibration);
    look();
    settled_ = true;
}

void CalibratedRig::settle(const rigs::Patience& patience) {
    if (settled_) {
        return;
    }
    reach(patience);
    look();
    if (const std::string refusal = book_->refusal(); !refusal.empty()) {
        throw Error(Code::failed_precondition, refusal);
    }
    try {
        rig_->use(book_->to_use().value_or(rig_->nominal()));
    } catch (const Error& error) {
        if (error.code() != Code::invalid_argument) {
            throw;
        }
        // An earlier version kept it, or a hand that edited the file.
        throw Error(
            Code::failed_precondition,
            fmt::format("its calibration cannot be used: {}; calibrate it again", error.what()));
    }
    look(); // what was reached is known by its serial number now
    settled_ = true;
}

void CalibratedRig::reach(const rigs::Patience& patience) {
    try {
        for (instruments::Instrument* instrument : rig_->instruments()) {
            instrument->connect(patience);
        }
        unreached_.clear();
    } catch (const Error& error) {
        if (error.code() == Code::cancelled || error.code() == Code::deadline_exceeded) {
            throw;
        }
        // Also one that somebody else drives, or another one at the address: it may pass.
        unreached_ = error.what();
        throw Error(Code::unavailable, unreached_);
    }
}

void CalibratedRig::look() {
    std::vector<instruments::Identity> found;
    for (const instruments::Instrument* instrument : rig_->instruments()) {
        found.push_back(instrument->status().identity);
    }
    book_->found(std::move(found), rig_->nominal().settings);
    spec_ = rig_->spec();
    if (max_batch_ != 0) {
        spec_.max_batch = std::min(spec_.max_batch, max_batch_);
    }
}

} // namespace phyll::rig
