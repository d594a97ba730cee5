#include "daemon/runs/measuring/repeats.hpp"

#include <algorithm>

namespace phyll::runs {

OwnedBlock repeated(ConstBlock samples, std::uint32_t repeats) {
    OwnedBlock out(samples.channels(), samples.samples() * repeats);
    for (std::size_t i = 0; i < out.samples(); ++i) {
        std::ranges::copy(samples.sample(i / repeats), out.sample(i).begin());
    }
    return out;
}

OwnedBlock mean_of_repeats(ConstBlock samples, std::uint32_t repeats) {
    OwnedBlock means(samples.channels(), samples.samples() / repeats);
    for (std::size_t i = 0; i < means.samples(); ++i) {
        for (std::size_t k = 0; k < means.channels(); ++k) {
            double sum = 0.0;
            for (std::size_t r = 0; r < repeats; ++r) {
                sum += static_cast<double>(samples.sample(i * repeats + r)[k]);
            }
            means.sample(i)[k] = static_cast<float>(sum / repeats);
        }
    }
    return means;
}

} // namespace phyll::runs
