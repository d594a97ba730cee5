#include "sim/rigs/raw_numbers.hpp"

#include <bit>

namespace phyll::sim {

static_assert(std::endian::native == std::endian::little, "raw numbers are little-endian");

RawNumbers::RawNumbers(RawSink* sink, std::size_t samples, std::size_t per_sample) : sink_(sink) {
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; sink != nullptr && i < samples; ++i) {
        if (sink->wants(i)) {
            wanted.push_back(i);
        }
    }
    if (wanted.empty()) {
        return;
    }
    numbers_.resize(wanted.size() * per_sample);
    rows_.resize(samples);
    for (std::size_t j = 0; j < wanted.size(); ++j) {
        rows_[wanted[j]] = std::span(numbers_).subspan(j * per_sample, per_sample);
    }
}

void RawNumbers::hand_over(std::string_view type) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (!rows_[i].empty()) {
            sink_->keep(i, type, std::as_bytes(rows_[i]));
        }
    }
}

} // namespace phyll::sim
