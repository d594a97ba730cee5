#include "drivers/instruments/display_slm.hpp"

#include "drivers/core/error.hpp"
#include "drivers/display/protocol.hpp"
#include "drivers/instruments/level_table.hpp"
#include "drivers/instruments/made_safe.hpp"
#include "drivers/instruments/message_link.hpp"

#include <fmt/format.h>

#include <atomic>
#include <vector>

namespace phyll::instruments {
namespace {

using display::Description;
using display::Kind;

class DisplaySlm final : public Slm {
  public:
    DisplaySlm(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
               const Clock& clock)
        : link_(settings, lock_dir, display::framing, clock),
          clock_(clock),
          table_(settings.look_up_table.empty() ? straight_table()
                                                : read_level_table(settings.look_up_table)),
          level_words_(in_words(table_)) {}

    [[nodiscard]] const std::string& name() const noexcept override {
        return link_.claim().settings().name;
    }
    [[nodiscard]] bool is_virtual() const noexcept override {
        return link_.claim().settings().is_virtual;
    }
    [[nodiscard]] std::uint64_t life() const noexcept override { return link_.life(); }
    [[nodiscard]] Size size() const noexcept override {
        return {.width = width_, .height = height_};
    }

    [[nodiscard]] const std::string& level_words() const noexcept override { return level_words_; }

    void connect(const Patience& patience) override {
        link_.connect([this](const Patience& bounded) { return greet(bounded); }, patience);
    }

    void show(std::span<const std::uint8_t> levels, const Patience& patience) override {
        connect(patience);
        if (levels.size() != size().pixels()) {
            throw invalid_field("levels", fmt::format("{}; {} has {} x {} pixels", levels.size(),
                                                      name(), width_.load(), height_.load()));
        }
        shown_.resize(levels.size());
        std::ranges::transform(levels, shown_.begin(),
                               [this](std::uint8_t level) { return std::byte{table_[level]}; });
        static_cast<void>(link_.ask(Kind::show, shown_, Kind::shown, patience));
    }

    [[nodiscard]] SafeState make_safe() noexcept override {
        return made_safe(clock_, link_.claim().settings().timeout,
                         [this](const Patience& patience) {
                             connect(patience);
                             show(std::vector<std::uint8_t>(size().pixels(), 0), patience);
                         });
    }

    void shut() noexcept override { link_.shut(); }
    [[nodiscard]] InstrumentStatus status() const override { return link_.claim().status(); }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override {
        return link_.log();
    }

  private:
    Identity greet(const Patience& patience) {
        const Description found = display::description_from(
            link_.ask(Kind::describe, {}, Kind::description, patience).content);
        width_ = found.width;
        height_ = found.height;
        return {.maker = found.maker,
                .model = found.model,
                .serial = found.serial,
                .firmware = found.version};
    }

    MessageLink link_;
    const Clock& clock_;
    const LevelTable table_;
    const std::string level_words_;
    std::vector<std::byte> shown_;
    std::atomic<std::size_t> width_ = 0;
    std::atomic<std::size_t> height_ = 0;
};

} // namespace

std::unique_ptr<Slm> make_display_slm(const InstrumentSettings& settings,
                                      const std::filesystem::path& lock_dir, const Clock& clock) {
    return std::make_unique<DisplaySlm>(settings, lock_dir, clock);
}

} // namespace phyll::instruments
