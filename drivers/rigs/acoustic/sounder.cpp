#include "drivers/rigs/acoustic/sounder.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::rigs {
namespace {

/// What is recorded beyond the latency that is known: one that grew is looked for so far.
constexpr double search = 0.25; // s
/// Of the converter's full scale.
constexpr double at_its_end = 0.999;
/// A marker is heard when its correlation stands out from that of anything else so far.
constexpr double least_heard = 5.0;
/// A chirp is still like itself some frames later: it is where it is most like.
constexpr std::size_t nearby = 8;
/// Lags that are looked at until somebody may have had enough.
constexpr std::size_t lags_at_a_time = 512;

void require_time(const Patience& patience, const Clock& clock) {
    if (patience.stop.stop_requested()) {
        throw Error(Code::cancelled, "stopped");
    }
    if (patience.deadline.passed(clock)) {
        throw Error(Code::deadline_exceeded, "its time was over");
    }
}

/// Size of the correlation of a template with a channel, at every lag.
std::vector<double> correlations(const Sound& record, std::size_t channel,
                                 const std::vector<float>& with, std::size_t lags) {
    std::vector<double> all(lags);
    for (std::size_t lag = 0; lag < lags; ++lag) {
        double sum = 0;
        for (std::size_t i = 0; i < with.size(); ++i) {
            sum += static_cast<double>(with[i]) * record.at(lag + i, channel);
        }
        all[lag] = std::abs(sum);
    }
    return all;
}

} // namespace

Sounder::Sounder(std::unique_ptr<instruments::AudioDuplex> card, const AcousticSettings& settings,
                 const Clock& clock)
    : card_(std::move(card)), settings_(settings), clock_(clock), tones_(settings) {}

void Sounder::prepare(const Patience& patience) {
    card_->prepare(settings_.limits, patience);
    const instruments::AudioDuplex::Format format = card_->format();
    if (format.rate != settings_.rate) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} runs at {:g} Hz, and sample_rate is {:g} Hz", card_->name(),
                                format.rate, settings_.rate));
    }
    const auto require = [&](const char* what, const std::vector<std::size_t>& channels,
                             std::size_t there) {
        const std::size_t needed = std::ranges::max(channels) + 1;
        if (needed > there) {
            throw Error(Code::failed_precondition, fmt::format("{} has {} {}, and {} is needed",
                                                               card_->name(), there, what, needed));
        }
    };
    require("outputs", settings_.outputs, format.outputs);
    require("inputs", settings_.inputs, format.inputs);
    const std::size_t longest =
        tones_.layout(settings_.samples_per_block, false).frames() + latency_search();
    if (longest > format.most_frames) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} plays blocks of {} frames at most, and {} samples need {}: "
                                "give the rig fewer samples_per_block",
                                card_->name(), format.most_frames, settings_.samples_per_block,
                                longest));
    }
}

Sounder::Playing Sounder::begin(const BlockLayout& layout, ConstBlock x,
                                std::span<const double> gains, const Patience& patience) {
    Playing playing{.layout = layout, .sound = tones_.play(layout, x, gains, outputs())};
    playing.number =
        card_->play(playing.sound.samples, latency() + settings_.frames(search), patience);
    return playing;
}

Sound Sounder::collect(std::uint32_t number, std::size_t frames, bool& lost,
                       const Patience& patience) {
    // Another block may be played before it.
    audio::Record record =
        card_->collect(number, Seconds(2 * settings_.seconds(frames) + search), patience);
    lost = record.lost;
    require_in_order(number, record.position);
    last_ = {.channels = card_->format().inputs, .samples = std::move(record.samples)};
    return last_;
}

void Sounder::require_in_order(std::uint32_t number, std::uint64_t position) {
    const Place place{.life = card_->life(), .number = number, .position = position};
    if (latest_.life != place.life) {
        latest_ = place;
        return;
    }
    if ((number > latest_.number) != (position > latest_.position)) {
        throw Error(Code::unavailable,
                    fmt::format("{}: the record of block {} is said to be of frame {}, and that of "
                                "block {} of frame {}",
                                card_->name(), number, position, latest_.number, latest_.position));
    }
    if (number > latest_.number) {
        latest_ = place;
    }
}

Sound Sounder::record(const Sound& sound, std::size_t longer, const Patience& patience) {
    for (unsigned again = 0;; ++again) {
        const std::uint32_t number = card_->play(sound.samples, longer, patience);
        bool lost = false;
        Sound recorded = collect(number, sound.frames() + longer, lost, patience);
        require_level(recorded);
        if (!lost) {
            return recorded;
        }
        ++retaken_;
        if (again == settings_.retakes) {
            throw Error(Code::unavailable,
                        fmt::format("{}: samples are lost, again and again", card_->name()));
        }
    }
}

Sound Sounder::heard(const Sound& record, std::size_t from, std::size_t frames) const {
    Sound part{.channels = settings_.inputs.size(), .samples = {}};
    for (std::size_t frame = from; frame < from + frames; ++frame) {
        for (const std::size_t input : settings_.inputs) {
            part.samples.push_back(frame < record.frames() ? record.at(frame, input) : 0.0F);
        }
    }
    return part;
}

std::size_t Sounder::latency_search() const {
    return latency() + settings_.frames(search);
}

std::optional<std::size_t> Sounder::latency_in(const Sound& record, std::size_t marker,
                                               const Patience& patience) const {
    // The first turn tells where, and all of them whether.
    const Sound turn = part_of(reference_.marker, 0, tones_.marker().turn());
    std::size_t best = 0;
    double best_likeness = -1.0;
    for (std::size_t latency = 0; latency < latency_search(); ++latency) {
        if (latency % lags_at_a_time == 0) {
            require_time(patience, clock_);
        }
        const double found = likeness(turn, heard(record, marker + latency, turn.frames()));
        if (found > best_likeness) {
            best_likeness = found;
            best = latency;
        }
    }
    const Sound there = heard(record, marker + best, reference_.marker.frames());
    return likeness(reference_.marker, there) >= settings_.marker_least ? std::optional(best)
                                                                        : std::nullopt;
}

double Sounder::likeness_at(const Sound& record, std::size_t frame, const Sound& reference) const {
    const double there = likeness(reference, heard(record, frame, reference.frames()));
    for (std::size_t off = 1; off <= nearby; ++off) {
        const double later = likeness(reference, heard(record, frame + off, reference.frames()));
        const double earlier =
            off > frame ? -1.0
                        : likeness(reference, heard(record, frame - off, reference.frames()));
        if (std::max(later, earlier) > there) {
            return 0.0; // it is elsewhere
        }
    }
    return there;
}

std::optional<std::string> Sounder::objection(const BlockLayout& layout, const Sound& record,
                                              const Patience& patience) {
    const std::size_t turn = tones_.marker().turn();
    const Sound& reference = reference_.marker;
    const double alike = likeness_at(record, layout.marker() + latency(), reference);
    if (alike < settings_.marker_least) {
        if (const auto found = latency_in(record, layout.marker(), patience)) {
            const std::size_t before = std::exchange(reference_.latency, *found);
            return fmt::format("the latency became {} frames, from {}", *found, before);
        }
        return fmt::format(
            "the marker correlates by {:.2f} with that of the calibration, and "
            "marker_least is {:g}: channels are swapped, or what the sound goes "
            "through changed; if that stays, calibrate anew",
            likeness(reference, heard(record, layout.marker() + latency(), reference.frames())),
            settings_.marker_least);
    }
    const Sound first_turn = part_of(reference, 0, turn);
    if (likeness_at(record, layout.end_marker() + latency(), first_turn) < settings_.marker_least) {
        return "samples slipped in or out: the block's end is not where it should be";
    }
    const Sound begin = heard(record, layout.marker() + latency(), reference.frames());
    const Sound end = heard(record, layout.end_marker() + latency(), turn);
    for (const double level :
         {worst_level(begin, reference, turn), worst_level(end, first_turn, turn)}) {
        if (std::abs(level - 1) > settings_.level_tolerance) {
            return fmt::format(
                "a speaker or a microphone is {:.2f} times as loud in the marker as when the rig "
                "was calibrated, and level_tolerance is {:g}: an amplifier warms up, or its gain "
                "was changed; if that stays, calibrate anew",
                level, settings_.level_tolerance);
        }
    }
    return std::nullopt;
}

Sound Sounder::finish(Playing& playing, const Patience& patience) {
    for (unsigned again = 0;; ++again) {
        bool lost = false;
        Sound recorded = collect(playing.number, playing.sound.frames() + settings_.frames(search),
                                 lost, patience);
        require_level(recorded); // before anything is played again
        const std::optional<std::string> wrong =
            lost ? std::optional<std::string>("samples were lost")
                 : objection(playing.layout, recorded, patience);
        if (!wrong) {
            return recorded;
        }
        ++retaken_;
        if (again == settings_.retakes) {
            throw Error(Code::unavailable,
                        fmt::format("no record of {} belongs to its block, after {} more: {}",
                                    card_->name(), settings_.retakes, *wrong));
        }
        playing.number =
            card_->play(playing.sound.samples, latency() + settings_.frames(search), patience);
    }
}

void Sounder::require_level(const Sound& record) const {
    for (const std::size_t input : settings_.inputs) {
        double peak = 0;
        for (std::size_t frame = 0; frame < record.frames(); ++frame) {
            peak = std::max(peak, std::abs(static_cast<double>(record.at(frame, input))));
        }
        if (peak >= at_its_end) {
            throw Error(Code::unavailable,
                        fmt::format("input {} of {} is at the end of its range; turn its gain "
                                    "down, or lower tone_amplitude",
                                    input + 1, card_->name()));
        }
        const double pressure = peak * settings_.full_scale;
        if (settings_.limit_pressure > 0 && pressure > settings_.limit_pressure) {
            throw Error(Code::unavailable,
                        fmt::format("{:.3g} Pa at input {} of {}; limit_pressure is {:g} Pa",
                                    pressure, input + 1, card_->name(), settings_.limit_pressure));
        }
    }
}

void Sounder::compare_with(Reference reference) {
    reference_ = std::move(reference);
}

double Sounder::marker_likeness(const Sound& record) const {
    const std::size_t begin = tones_.layout(0, false).marker() + latency();
    return likeness(reference_.marker, heard(record, begin, reference_.marker.frames()));
}

Reference Sounder::listen_to_marker(const Patience& patience) {
    const BlockLayout layout = tones_.layout(0, false);
    const Sound sound =
        tones_.play(layout, {}, std::vector<double>(settings_.multitone.tones, 1.0), outputs());
    const Sound recorded = record(sound, settings_.frames(2 * search), patience);
    // Of all turns at once, so that no speaker is taken for another that is louder.
    const Marker& marker = tones_.marker();
    const std::size_t turns = settings_.outputs.size();
    const std::size_t lags = settings_.frames(2 * search);
    const std::size_t places = lags + (turns - 1) * marker.turn();
    std::vector<double> sums(lags);
    for (const std::size_t input : settings_.inputs) {
        require_time(patience, clock_);
        const std::vector<double> found = correlations(recorded, input, marker.chirp(), places);
        for (std::size_t lag = 0; lag < lags; ++lag) {
            for (std::size_t k = 0; k < turns; ++k) {
                sums[lag] += found[lag + k * marker.turn()];
            }
        }
    }
    const auto loudest = std::ranges::max_element(sums);
    std::vector<double> sorted = sums;
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(lags / 2));
    if (!(*loudest > least_heard * sorted[lags / 2]) || *loudest == 0.0) {
        throw Error(Code::unavailable,
                    fmt::format("the marker is not heard at the inputs of {}; check speakers, "
                                "amplifiers, microphones and cables, or raise marker_amplitude",
                                card_->name()));
    }
    // A cavity goes on sounding: what counts is when it begins to. A turn earlier most speakers
    // would fit another's.
    const auto peak = static_cast<std::size_t>(loudest - sums.begin());
    std::size_t lag = peak - std::min(peak, marker.turn() / 2);
    while (sums[lag] <= *loudest / 2) {
        ++lag;
    }
    Reference reference;
    reference.latency = lag > layout.marker() ? lag - layout.marker() : 0;
    reference.marker =
        heard(recorded, layout.marker() + reference.latency, tones_.marker().heard());
    return reference;
}

} // namespace phyll::rigs
