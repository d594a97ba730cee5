#include "daemon/training/sample_rows.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace phyll::training {

SampleRows::SampleRows(std::size_t channels_of_each, std::size_t how_many,
                       std::function<void(std::size_t, std::span<float>)> how)
    : channels(channels_of_each), samples(how_many), read(std::move(how)) {}

SampleRows::SampleRows(ConstBlock block)
    : SampleRows(block.channels(), block.samples(),
                 [block](std::size_t sample, std::span<float> into) {
                     std::ranges::copy(block.sample(sample), into.begin());
                 }) {}

void SampleRows::gather(std::size_t first, Block into) const {
    assert(into.channels() == channels && first + into.samples() <= samples);
    for (std::size_t i = 0; i < into.samples(); ++i) {
        read(first + i, into.sample(i));
    }
}

SampleRows SampleRows::slice(std::size_t first, std::size_t count) const {
    assert(first + count <= samples);
    return {channels, count, [first, whole = read](std::size_t sample, std::span<float> into) {
                whole(first + sample, into);
            }};
}

} // namespace phyll::training
