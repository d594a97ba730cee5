#pragma once

#include "sim/bench/microwave/frames.hpp"
#include "sim/bench/microwave/surface.hpp"
#include "sim/bench/server/instrument.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace phyll::bench {

/// The controller of a metasurface, as docs/metasurface-protocol.md describes it. It says SHOWN
/// when the pattern is latched, whatever time the meta-atoms take then. What `report` puts in its
/// queue are failures of the hardware: each makes it refuse one pattern.
class MetasurfaceController final : public Instrument {
  public:
    /// `serial` stands in its identity.
    MetasurfaceController(const std::string& serial, Surface& surface);

    [[nodiscard]] const std::string& identity() const override { return identity_; }
    void act(std::string message, Done done) override;
    void report(int, const std::string& words) override { failures_.push_back(words); }
    [[nodiscard]] std::size_t errors() const override { return failures_.size(); }
    void power_on() override;
    /// patterns: those that it was told to show, repeated ones too.
    [[nodiscard]] std::vector<Figure> figures() const override { return {{"patterns", patterns_}}; }
    [[nodiscard]] std::string_view reply_end() const override { return {}; }
    void disguise(std::string& reply, const std::string& other) const override;
    [[nodiscard]] std::unique_ptr<MessageCutter> cutter() const override;

  private:
    [[nodiscard]] Frame answer(const Frame& request);
    [[nodiscard]] Frame show(const Frame& request);
    [[nodiscard]] Frame identify(const Frame& request, const std::string& identity) const;
    [[nodiscard]] std::string state() const;

    std::string identity_;
    Surface& surface_;
    std::deque<std::string> failures_;
    std::uint64_t patterns_ = 0;
};

} // namespace phyll::bench
