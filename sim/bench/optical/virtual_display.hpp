#pragma once

#include "sim/bench/optical/lit_display.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/bench/server/instrument.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace phyll::bench {

/// A display behind what speaks the protocol of docs/slm-protocol.md, as phyllslm does. What
/// `report` puts in its queue are failures of the window: each makes it refuse one picture.
class VirtualDisplay final : public Instrument {
  public:
    /// `serial` stands in its identity.
    VirtualDisplay(const std::string& serial, LitDisplay& display, const Site& site);

    [[nodiscard]] const std::string& identity() const override { return identity_; }
    void act(std::string message, Done done) override;
    /// Nothing that a client showed outlives its connection.
    void alone() override { blank(); }
    void report(int, const std::string& words) override { failures_.push_back(words); }
    [[nodiscard]] std::size_t errors() const override { return failures_.size(); }
    void power_on() override;
    /// pictures: those that it was told to show, blank ones too.
    [[nodiscard]] std::vector<Figure> figures() const override { return {{"pictures", pictures_}}; }
    /// "light": on while a picture is not blank.
    [[nodiscard]] std::vector<Output> outputs() const override {
        return {{.name = "light", .on = !display_.is_blank()}};
    }
    [[nodiscard]] std::string_view reply_end() const override { return {}; }
    void disguise(std::string& reply, const std::string& other) const override;
    [[nodiscard]] bool one_client() const override { return true; }
    [[nodiscard]] std::unique_ptr<MessageCutter> cutter() const override;

  private:
    [[nodiscard]] std::string description(const std::string& identity) const;
    [[nodiscard]] std::string show(const std::string& levels);
    void blank();

    std::string identity_;
    LitDisplay& display_;
    Misbehaviour& misbehaviour_;
    std::deque<std::string> failures_;
    std::uint64_t pictures_ = 0;
};

} // namespace phyll::bench
