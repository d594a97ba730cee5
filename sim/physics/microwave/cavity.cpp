#include "sim/physics/microwave/cavity.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::physics {
namespace {

constexpr std::size_t lanes = kernels::microwave_lanes<float>;
constexpr std::size_t parts = lanes / DipoleReduction::lanes; ///< groups of double in one of float
constexpr std::size_t tile_samples = 16;

using Entry = kernels::MicrowaveEntry<float>;

/// The lanes of a group of double, into their place in a group of float.
void put(const DipoleReduction::Entry& from, Entry& to, std::size_t part) {
    const std::size_t first = part * DipoleReduction::lanes;
    for (std::size_t l = 0; l < DipoleReduction::lanes; ++l) {
        to.re[first + l] = static_cast<float>(from.re[l]);
        to.im[first + l] = static_cast<float>(from.im[l]);
    }
}

DipoleReduction::Entry inverse_of(const DipoleReduction::Entry& entry, double sign) {
    DipoleReduction::Entry result;
    for (std::size_t l = 0; l < DipoleReduction::lanes; ++l) {
        const std::complex<double> inverse = sign / std::complex<double>(entry.re[l], entry.im[l]);
        result.re[l] = inverse.real();
        result.im[l] = inverse.imag();
    }
    return result;
}

/// Which atoms differ from the nearer of all-off and all-on.
struct Pattern {
    bool from_on = false;
    std::vector<std::uint32_t> moved;
};

Pattern pattern_of(std::span<const float> drive) {
    const auto is_on = [](float value) { return value >= 0.5F; };
    Pattern pattern;
    const auto on = static_cast<std::size_t>(std::ranges::count_if(drive, is_on));
    pattern.from_on = 2 * on > drive.size();
    for (std::size_t i = 0; i < drive.size(); ++i) {
        if (is_on(drive[i]) != pattern.from_on) {
            pattern.moved.push_back(static_cast<std::uint32_t>(i));
        }
    }
    return pattern;
}

} // namespace

/// A few samples that are computed by one thread, one after the other, and group by group: a
/// group's tables are then still near when the next sample needs them.
class MicrowaveCavity::Tile {
  public:
    Tile(const MicrowaveCavity& cavity, ConstBlock x, Block y,
         std::span<const std::span<std::complex<float>>> sweeps)
        : cavity_(cavity), y_(y), sweeps_(sweeps) {
        std::size_t most = 0;
        for (std::size_t i = 0; i < x.samples(); ++i) {
            patterns_.push_back(pattern_of(x.sample(i)));
            most = std::max(most, patterns_.back().moved.size());
        }
        room_.resize(kernels::microwave_triangle(most) + 2 * most);
    }

    void respond(const std::stop_token& stop) {
        for (std::size_t group = 0; group < cavity_.groups_.size(); ++group) {
            for (std::size_t i = 0; i < patterns_.size(); ++i) {
                if (stop.stop_requested()) {
                    throw Error(Code::cancelled, "the query was stopped");
                }
                answer(group, i);
            }
        }
    }

  private:
    void answer(std::size_t group, std::size_t sample) {
        const MicrowaveParameters& p = cavity_.parameters_;
        const Pattern& pattern = patterns_[sample];
        const Group& tables = cavity_.groups_[group];
        const Reference& reference = pattern.from_on ? tables.on : tables.off;
        Entry inverse;
        const kernels::MicrowaveQuery query{
            .inverse = reference.inverse.data(),
            .atoms = p.atoms,
            .step = &reference.step,
            .moved = pattern.moved.data(),
            .count = pattern.moved.size(),
            .lanes = std::min(lanes, p.points - group * lanes),
            .room = room_.data(),
            .result = &inverse,
        };
        kernels::phyll_microwave_query(&query);
        const auto twice_gamma = static_cast<float>(2 * p.port_coupling);
        for (std::size_t l = 0; l < query.lanes; ++l) {
            const float re = -twice_gamma * inverse.im[l];
            const float im = twice_gamma * inverse.re[l];
            put(group * lanes + l, re, im, y_.sample(sample));
            if (!sweeps_.empty() && !sweeps_[sample].empty()) {
                sweeps_[sample][group * lanes + l] = {re, im};
            }
        }
    }

    void put(std::size_t point, float re, float im, std::span<float> response) const {
        switch (cavity_.parameters_.response) {
        case MicrowaveResponse::abs:
            response[point] = std::sqrt(re * re + im * im);
            break;
        case MicrowaveResponse::abs2:
            response[point] = re * re + im * im;
            break;
        case MicrowaveResponse::complex:
            response[2 * point] = re;
            response[2 * point + 1] = im;
            break;
        }
    }

    const MicrowaveCavity& cavity_;
    Block y_;
    std::span<const std::span<std::complex<float>>> sweeps_;
    std::vector<Pattern> patterns_;
    std::vector<Entry> room_;
};

MicrowaveCavity::MicrowaveCavity(const MicrowaveParameters& parameters, std::uint64_t seed,
                                 Workers& workers)
    : parameters_((check(parameters), parameters)),
      nominal_(nominal_geometry(parameters, seed)),
      geometry_(nominal_),
      reduction_(parameters, geometry_, workers),
      groups_((parameters.points + lanes - 1) / lanes) {
    const std::size_t entries = kernels::microwave_triangle(parameters.atoms + 2);
    for (Group& group : groups_) {
        group.off.inverse.resize(entries);
        group.on.inverse.resize(entries);
    }
    tabulate(workers);
}

void MicrowaveCavity::displace(std::span<const double> offsets, Workers& workers) {
    geometry_ = displaced_geometry(nominal_, offsets);
    reduction_.move(geometry_, workers);
    tabulate(workers);
}

void MicrowaveCavity::tabulate(Workers& workers) {
    workers.run(2 * reduction_.groups(), [&](std::size_t task) {
        const bool on = task % 2 == 1;
        const std::size_t from = task / 2;
        Group& group = groups_[from / parts];
        Reference& reference = on ? group.on : group.off;
        const std::vector<DipoleReduction::Entry> inverse = reduction_.inverse(from, on);
        for (std::size_t i = 0; i < inverse.size(); ++i) {
            put(inverse[i], reference.inverse[i], from % parts);
        }
        put(inverse_of(reduction_.change(from), on ? -1.0 : 1.0), reference.step, from % parts);
    });
}

void MicrowaveCavity::respond(ConstBlock x, Block y, Workers& workers, const std::stop_token& stop,
                              std::span<const std::span<std::complex<float>>> sweeps) const {
    const std::size_t tiles = (x.samples() + tile_samples - 1) / tile_samples;
    workers.run(tiles, [&](std::size_t tile) {
        const std::size_t first = tile * tile_samples;
        const std::size_t count = std::min(tile_samples, x.samples() - first);
        Tile(*this, x.slice(first, count), y.slice(first, count),
             sweeps.empty() ? sweeps : sweeps.subspan(first, count))
            .respond(stop);
    });
}

std::vector<ScatteringMatrix>
MicrowaveCavity::scattering(std::span<const std::uint8_t> pattern) const {
    if (pattern.size() != n_in()) {
        throw invalid_field("pattern",
                            fmt::format("{} states for {} atoms", pattern.size(), n_in()));
    }
    std::vector<ScatteringMatrix> result;
    for (std::size_t group = 0; group < reduction_.groups(); ++group) {
        const auto lanes_of_group = reduction_.scattering(group, pattern);
        const std::size_t count =
            std::min(DipoleReduction::lanes, parameters_.points - result.size());
        result.insert(result.end(), lanes_of_group.begin(),
                      lanes_of_group.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return result;
}

std::string_view microwave_kernel_level() {
    return kernels::phyll_microwave_kernel_level();
}

} // namespace phyll::physics
