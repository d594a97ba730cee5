#pragma once

#include "drivers/core/guard.hpp"
#include "tests/conformance/prodded_clock.hpp"
#include "tests/conformance/virtual_lab.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phyll::conformance {

/// A rig on virtual instruments that can be told to misbehave in the middle of a query, with its
/// answer to one.
class Misbehaving {
  public:
    /// `agreement`: two answers to a query are the same when no output differs by more.
    Misbehaving(std::unique_ptr<VirtualLab> lab, float agreement);

    /// Orders an instrument to misbehave, with everything to be set up anew. Returns what says
    /// whether it came to that.
    std::function<bool()> misbehave(const std::string& instrument,
                                    const phyll::bench::Misbehave& order);
    /// Asks, with an instrument that misbehaves, and requires the right answer or a fault with the
    /// output off; whether it came to that.
    bool ask(const std::string& instrument, const phyll::bench::Misbehave& order);
    /// An error that an instrument has still to tell of is told of at the next setting up.
    void check_recovered(bool may_report = false);
    void check_answer();

    /// Every `step`th message by night, fewer by day (sweep_step), of a query of each instrument,
    /// everything that is set up included, of which there are more than `least`.
    void check_every_message(phyll::bench::Fault fault, std::uint64_t step, double seconds = 0,
                             std::uint64_t least = 20);
    /// Bytes that are changed end nothing for good; an answer may be wrong then where nothing
    /// checks it.
    void check_corruption(std::uint64_t step, std::uint64_t messages);
    /// An instrument that answers nothing any more from those messages on.
    void check_stuck(std::initializer_list<std::uint64_t> messages);
    /// Those that misbehave; at first all of them.
    void let_misbehave(std::vector<std::string> instruments) {
        misbehaving_ = std::move(instruments);
    }

    ProddedClock clock;
    std::unique_ptr<VirtualLab> lab;
    rigs::InstrumentRig* rig = nullptr;
    std::unique_ptr<Guard> guard;
    OwnedBlock x;
    OwnedBlock right;

  private:
    [[nodiscard]] bool agree(ConstBlock y) const;

    float agreement_;
    std::vector<std::string> misbehaving_;
};

} // namespace phyll::conformance
