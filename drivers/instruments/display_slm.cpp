#include "drivers/instruments/display_slm.hpp"

#include "drivers/core/error.hpp"
#include "drivers/display/protocol.hpp"
#include "drivers/instruments/claim.hpp"
#include "drivers/instruments/level_table.hpp"
#include "drivers/instruments/made_safe.hpp"
#include "drivers/transports/byte_port.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

namespace phyll::instruments {
namespace {

using display::Description;
using display::Kind;
using display::Message;

class DisplaySlm final : public Slm {
    /// Does what goes to the display, and gives the connection up when that fails, which blanks it.
    template <class Exchange>
    auto exchange(const Patience& patience, Exchange what) {
        try {
            if (patience.deadline.passed(clock_)) {
                throw Error(Code::deadline_exceeded, "its turn came after the deadline");
            }
            return what();
        } catch (const Error& error) {
            port_->disconnect();
            claim_.lost(error.what());
            throw error_of(name(), error);
        }
    }

  public:
    DisplaySlm(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
               const Clock& clock)
        : claim_(settings, lock_dir),
          clock_(clock),
          table_(settings.look_up_table.empty() ? straight_table()
                                                : read_level_table(settings.look_up_table)),
          level_words_(in_words(table_)),
          log_(std::make_shared<transports::TrafficLog>(clock)),
          port_(transports::open_byte_port(settings.address, settings.line, clock, *log_)) {}

    [[nodiscard]] const std::string& name() const noexcept override {
        return claim_.settings().name;
    }
    [[nodiscard]] bool is_virtual() const noexcept override { return claim_.settings().is_virtual; }
    [[nodiscard]] std::uint64_t life() const noexcept override { return life_; }
    [[nodiscard]] Size size() const noexcept override {
        return {.width = width_, .height = height_};
    }

    [[nodiscard]] const std::string& level_words() const noexcept override { return level_words_; }

    void connect(const Patience& patience) override {
        if (!port_->connected()) {
            exchange(patience, [&] { greet(patience); });
        }
    }

    void show(std::span<const std::uint8_t> levels, const Patience& patience) override {
        connect(patience);
        if (levels.size() != size().pixels()) {
            throw invalid_field("levels", fmt::format("{}; {} has {} x {} pixels", levels.size(),
                                                      name(), width_.load(), height_.load()));
        }
        exchange(patience, [&] {
            shown_.resize(levels.size());
            std::ranges::transform(levels, shown_.begin(),
                                   [this](std::uint8_t level) { return std::byte{table_[level]}; });
            ask(Kind::show, shown_, patience);
            static_cast<void>(await(Kind::shown, patience));
        });
    }

    [[nodiscard]] SafeState make_safe() noexcept override {
        return made_safe(clock_, claim_.settings().timeout, [this](const Patience& patience) {
            connect(patience);
            show(std::vector<std::uint8_t>(size().pixels(), 0), patience);
        });
    }

    void shut() noexcept override {
        port_->shut();
        claim_.give_up();
    }
    [[nodiscard]] InstrumentStatus status() const override { return claim_.status(); }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override { return log_; }

  private:
    void greet(const Patience& patience) {
        claim_.lock_address();
        port_->connect(patience);
        received_.clear();
        ask(Kind::describe, {}, patience);
        const Description found =
            display::description_from(await(Kind::description, patience).content);
        const Identity identity{.maker = found.maker,
                                .model = found.model,
                                .serial = found.serial,
                                .firmware = found.version};
        claim_.accept(identity);
        width_ = found.width;
        height_ = found.height;
        claim_.connected(identity, ++life_);
    }

    void ask(Kind kind, std::span<const std::byte> content, const Patience& patience) {
        port_->write(display::encode(kind, ++sequence_, content),
                     patience.within(clock_, claim_.settings().timeout));
    }

    /// Waits for the answer to what was asked last.
    [[nodiscard]] Message await(Kind kind, const Patience& patience) {
        const Patience bounded = patience.within(clock_, claim_.settings().timeout);
        for (;;) {
            std::optional<Message> message = next(bounded, patience);
            // Who is refused from the start is told so without having asked.
            if (message->kind == Kind::refused) {
                throw Error(Code::unavailable,
                            fmt::format("it refuses: {}", display::text_of(message->content)));
            }
            if (message->kind == kind && message->sequence == sequence_) {
                return std::move(*message);
            }
        }
    }

    [[nodiscard]] std::optional<Message> next(const Patience& bounded, const Patience& patience) {
        std::array<std::byte, 4096> bytes{};
        for (;;) {
            if (std::optional<Message> message = display::take_message(received_)) {
                return message;
            }
            try {
                const std::size_t count = port_->read_some(bytes, bounded);
                received_.insert(received_.end(), bytes.begin(),
                                 bytes.begin() + static_cast<std::ptrdiff_t>(count));
            } catch (const Error& error) {
                if (error.code() != Code::deadline_exceeded || patience.deadline.passed(clock_)) {
                    throw;
                }
                throw Error(Code::unavailable,
                            fmt::format("it did not answer in time, which is {:g} s (its option "
                                        "timeout)",
                                        claim_.settings().timeout.count()));
            }
        }
    }

    Claim claim_;
    const Clock& clock_;
    const LevelTable table_;
    const std::string level_words_;
    const std::shared_ptr<transports::TrafficLog> log_;
    const std::unique_ptr<transports::BytePort> port_;
    std::vector<std::byte> received_;
    std::vector<std::byte> shown_;
    std::uint32_t sequence_ = 0;
    std::atomic<std::uint64_t> life_ = 0;
    std::atomic<std::size_t> width_ = 0;
    std::atomic<std::size_t> height_ = 0;
};

} // namespace

std::unique_ptr<Slm> make_display_slm(const InstrumentSettings& settings,
                                      const std::filesystem::path& lock_dir, const Clock& clock) {
    return std::make_unique<DisplaySlm>(settings, lock_dir, clock);
}

} // namespace phyll::instruments
