#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/instruments/instrument.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rigs {

using instruments::Patience;

/// What every rig made of instruments needs to know of them: whether one failed, what they are
/// evidence of, how they are reached again. Thread rule: that of the rig.
class InstrumentCare {
  public:
    /// They and the clock outlive it.
    InstrumentCare(std::vector<instruments::Instrument*> instruments, const Clock& clock)
        : instruments_(std::move(instruments)), clock_(clock) {}

    [[nodiscard]] const std::vector<instruments::Instrument*>& all() const noexcept {
        return instruments_;
    }
    /// What they said last that they are.
    [[nodiscard]] std::vector<instruments::Identity> identities() const;

    /// Does what reaches the instruments, with what the contract of a PhysicalLayer has for their
    /// errors, and remembers whether it failed.
    template <class Do>
    auto reaching(Do what) {
        try {
            fault_.clear();
            return what();
        } catch (const Error& error) {
            fail(error);
        }
    }

    /// Connects all, again and again for a while, until the deadline at most.
    void reconnect(const Patience& patience) const;

    /// What cannot be made safe is a fault, whatever it was asked before.
    void note(const SafeState& state) {
        if (state.state != SafeState::State::safe) {
            fault_ = state.reason;
        }
    }
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    /// Of a rig that took `retaken` of its `what`s ("record") again.
    [[nodiscard]] Health health(std::uint64_t retaken, const char* what) const;

    /// Names in the spec what was reached, with serial numbers; `more` says of each what else a
    /// person should know.
    void note_evidence(LayerSpec& spec,
                       const std::function<std::string(std::size_t)>& more = {}) const;

  private:
    [[noreturn]] void fail(const Error& error);

    const std::vector<instruments::Instrument*> instruments_;
    const Clock& clock_;
    std::string fault_;
};

} // namespace phyll::rigs
