#pragma once

#include "drivers/core/error.hpp"
#include "drivers/rigs/instrument_rig.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace phyll::test {

/// An instrument on the bench: what is known and done of it, whichever object drives it.
struct FakeBench {
    instruments::Identity identity{
        .maker = "Maker", .model = "M1", .serial = "S1", .firmware = "1"};
    bool there = true;
    bool stays_on = false;        ///< whatever it is told
    std::atomic<bool> on = false; ///< its output
    std::atomic<int> made_safe = 0;
    std::atomic<int> shut = 0;
};

/// A generator that reaches its bench as long as it is not shut.
class FakeInstrument final : public instruments::Instrument {
  public:
    FakeInstrument(std::string name, std::shared_ptr<FakeBench> bench, const Clock& clock)
        : name_(std::move(name)),
          bench_(std::move(bench)),
          log_(std::make_shared<transports::TrafficLog>(clock)) {
        status_.reason = "not connected yet";
    }

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] bool is_virtual() const noexcept override { return false; }
    void connect(const instruments::Patience&) override {
        const std::lock_guard lock(mutex_);
        if (!bench_->there || shut_) {
            status_.connected = false;
            status_.reason = "nobody answers";
            throw Error(Code::unavailable, name_ + ": nobody answers");
        }
        log_->remark("connected");
        status_.connected = true;
        status_.reason.clear();
        status_.identity = bench_->identity;
        status_.output = bench_->on ? "on" : "off";
    }
    [[nodiscard]] std::uint64_t life() const noexcept override { return 1; }
    [[nodiscard]] SafeState make_safe() noexcept override {
        try {
            connect({});
            drive(bench_->stays_on);
            if (bench_->stays_on) {
                throw Error(Code::unavailable, name_ + ": its output stays on");
            }
        } catch (const Error& error) {
            return {.state = SafeState::State::unknown, .reason = error.what()};
        }
        ++bench_->made_safe;
        return {};
    }
    void shut() noexcept override {
        shut_ = true;
        ++bench_->shut;
    }
    [[nodiscard]] instruments::InstrumentStatus status() const override {
        const std::lock_guard lock(mutex_);
        return status_;
    }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override { return log_; }

    /// Switches the output; throws UNAVAILABLE once the instrument was shut.
    void drive(bool on) {
        if (shut_) {
            throw Error(Code::unavailable, name_ + " was shut");
        }
        bench_->on = on;
        const std::lock_guard lock(mutex_);
        status_.output = on ? "on" : "off";
    }

  private:
    const std::string name_;
    const std::shared_ptr<FakeBench> bench_;
    const std::shared_ptr<transports::TrafficLog> log_;
    std::atomic<bool> shut_ = false;
    mutable std::mutex mutex_;
    instruments::InstrumentStatus status_;
};

/// What a fake rig does, shared with the test.
struct FakeRigScript {
    std::shared_ptr<FakeBench> bench = std::make_shared<FakeBench>();
    std::function<void(FakeInstrument&)> query;     ///< before it answers; empty: nothing
    std::function<void(FakeInstrument&)> make_safe; ///< instead of the instrument's own
    double latency = 1e-6;                          ///< what a calibration measures
    std::atomic<int> calibrations = 0;
    std::mutex mutex;
    std::vector<double> used; ///< latencies that it was told to measure with
};

/// A rig of one instrument that answers 2 V to everything, driving its output meanwhile.
class FakeRig final : public rigs::InstrumentRig {
  public:
    FakeRig(std::shared_ptr<FakeRigScript> script, const Clock& clock)
        : script_(std::move(script)), instrument_("awg", script_->bench, clock) {
        spec_.kind = "fake-instruments";
        spec_.max_batch = 8;
        spec_.seconds_per_sample = 0.5;
        spec_.evidence = Evidence::hardware;
        spec_.inputs.assign(2, {.name = "in", .unit = "V"});
        spec_.outputs.assign(1, {.name = "out", .unit = "V", .minimum = -5, .maximum = 5});
        spec_.limits = {"3.2 V peak"};
        note_identity();
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock, Block y, const QueryContext&) override {
        if (!calibrated_) {
            throw Error(Code::failed_precondition, "no calibration is in use");
        }
        instrument_.connect({});
        instrument_.drive(true);
        if (script_->query) {
            script_->query(instrument_);
        }
        for (std::size_t i = 0; i < y.samples(); ++i) {
            y.sample(i)[0] = 2.0F;
        }
    }
    [[nodiscard]] SafeState make_safe() noexcept override {
        if (script_->make_safe) {
            script_->make_safe(instrument_);
        }
        const SafeState state = instrument_.make_safe();
        note_identity();
        return state;
    }
    [[nodiscard]] Health health() const override {
        const instruments::InstrumentStatus status = instrument_.status();
        return status.connected ? Health{}
                                : Health{.state = Health::State::fault, .reason = status.reason};
    }
    void recover(const Deadline& deadline, std::stop_token stop) override {
        instrument_.connect({.deadline = deadline, .stop = std::move(stop)});
    }
    [[nodiscard]] rigs::Calibration calibrate(const rigs::Patience& patience) override {
        instrument_.connect(patience);
        ++script_->calibrations;
        rigs::Calibration measured = nominal();
        measured.quantities[0].value = script_->latency;
        measured.identities = {instrument_.status().identity};
        use(measured);
        return measured;
    }
    void use(const rigs::Calibration& calibration) override {
        if (calibration.quantities.empty()) {
            throw invalid_field("latency", "missing");
        }
        const std::lock_guard lock(script_->mutex);
        script_->used.push_back(calibration.quantities[0].value);
        calibrated_ = true;
    }
    [[nodiscard]] rigs::Calibration nominal() const override {
        return {.quantities = {{.name = "latency", .unit = "s", .value = 0.0}}, .identities = {}};
    }
    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return {&instrument_};
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept override { return 0; }

  private:
    void note_identity() {
        const instruments::Identity identity = instrument_.status().identity;
        spec_.evidence_of = identity.known() ? identity.in_words() : "";
    }

    const std::shared_ptr<FakeRigScript> script_;
    FakeInstrument instrument_;
    LayerSpec spec_;
    bool calibrated_ = false;
};

} // namespace phyll::test
