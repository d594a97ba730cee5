#include "drivers/instruments/served_audio.hpp"

#include "drivers/core/error.hpp"
#include "drivers/instruments/made_safe.hpp"
#include "drivers/instruments/message_link.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

namespace phyll::instruments {
namespace {

using audio::Kind;

class ServedAudio final : public AudioDuplex {
  public:
    ServedAudio(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                const Clock& clock)
        : link_(settings, lock_dir, audio::framing, clock), clock_(clock) {}

    [[nodiscard]] const std::string& name() const noexcept override { return settings().name; }
    [[nodiscard]] bool is_virtual() const noexcept override { return settings().is_virtual; }
    [[nodiscard]] std::uint64_t life() const noexcept override { return link_.life(); }
    [[nodiscard]] Format format() const noexcept override { return format_; }

    void connect(const Patience& patience) override {
        link_.connect([this](const Patience& bounded) { return greet(bounded); }, patience);
    }

    void prepare(const audio::Limits& limits, const Patience& patience) override {
        connect(patience);
        if (limited_in_ == life() && limits_ == limits) {
            return;
        }
        limits.check();
        static_cast<void>(
            link_.ask(Kind::limit, audio::to_content(limits), Kind::limited, patience));
        limits_ = limits;
        limited_in_ = life();
    }

    [[nodiscard]] std::uint32_t play(std::span<const float> samples, std::size_t longer,
                                     const Patience& patience) override {
        limits_.check(samples, format_.outputs);
        const std::uint32_t number = audio::number_from(
            link_.ask(Kind::play, audio::to_content(samples, longer), Kind::queued, patience)
                .content);
        expected_[number] = (samples.size() / format_.outputs + longer) * format_.inputs;
        return number;
    }

    [[nodiscard]] audio::Record collect(std::uint32_t number, Seconds most,
                                        const Patience& patience) override {
        const Deadline end = Deadline::after(clock_, most + settings().timeout);
        const std::vector<std::byte> content = audio::to_content(number);
        for (;;) {
            const FramedMessage answer =
                link_.ask(Kind::collect, content, Kind::record, patience, Kind::pending);
            if (answer.kind == Kind::record) {
                return expected_record(number, answer.content);
            }
            if (end.passed(clock_)) {
                throw Error(Code::unavailable,
                            fmt::format("{}: a block is not over after {:g} s; the sound card "
                                        "stands still",
                                        name(), (most + settings().timeout).count()));
            }
        }
    }

    void hush(const Patience& patience) override {
        connect(patience);
        static_cast<void>(link_.ask(Kind::silence, {}, Kind::silent, patience));
        expected_.clear();
    }

    [[nodiscard]] SafeState make_safe() noexcept override {
        return made_safe(clock_, settings().timeout,
                         [this](const Patience& patience) { hush(patience); });
    }

    void shut() noexcept override { link_.shut(); }
    [[nodiscard]] InstrumentStatus status() const override { return link_.claim().status(); }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override {
        return link_.log();
    }

  private:
    [[nodiscard]] audio::Record expected_record(std::uint32_t number,
                                                std::span<const std::byte> content) {
        audio::Record record = audio::record_from(content);
        const std::size_t expected = std::exchange(expected_[number], 0);
        expected_.erase(number);
        if (record.samples.size() != expected) {
            throw Error(Code::data_loss,
                        fmt::format("{}: the record of block {} has {} samples instead of {}",
                                    name(), number, record.samples.size(), expected));
        }
        return record;
    }

    [[nodiscard]] const InstrumentSettings& settings() const noexcept {
        return link_.claim().settings();
    }

    Identity greet(const Patience& patience) {
        expected_.clear();
        const audio::Description found = audio::description_from(
            link_.ask(Kind::describe, {}, Kind::description, patience).content);
        format_ = {.rate = static_cast<double>(found.rate),
                   .outputs = found.outputs,
                   .inputs = found.inputs,
                   .most_frames = found.most_frames};
        return {.maker = found.maker,
                .model = found.model,
                .serial = found.serial,
                .firmware = found.version};
    }

    MessageLink link_;
    const Clock& clock_;
    Format format_;
    audio::Limits limits_;
    std::map<std::uint32_t, std::size_t> expected_; ///< samples of the records of blocks
    std::uint64_t limited_in_ = 0;                  ///< the life in which the limits were set
};

} // namespace

std::unique_ptr<AudioDuplex> make_served_audio(const InstrumentSettings& settings,
                                               const std::filesystem::path& lock_dir,
                                               const Clock& clock) {
    return std::make_unique<ServedAudio>(settings, lock_dir, clock);
}

} // namespace phyll::instruments
