// What a journal costs whoever appends to it, and what the disk and a reader make of it.
//
//   phyll_bench_journal [FOLDER]    the folder's disk is the one that is measured; default: here
#include "drivers/core/journal/fact_index.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/writer.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace phyll;

using Time = std::chrono::steady_clock;

double seconds_since(Time::time_point start) {
    return std::chrono::duration<double>(Time::now() - start).count();
}

struct Shape {
    const char* name;
    std::uint32_t n_in;
    std::uint32_t n_out;
    StorageFormat stimulus;
    StorageFormat response;
    std::size_t samples; ///< in a block
    std::size_t blocks;
};

OwnedBlock random_block(std::size_t channels, std::size_t samples, const StorageFormat& format) {
    const KeyedRandom random(1, "samples");
    OwnedBlock block(channels, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < channels; ++k) {
            block.sample(i)[k] = format.kind == StorageFormat::Kind::float32
                                     ? static_cast<float>(random.uniform(i, k))
                                     : static_cast<float>(random.below(2, i, k));
        }
    }
    return block;
}

journal::WriterOptions options_of(const Shape& shape, const std::filesystem::path& path) {
    return {.path = path,
            .header = {.run = "bench",
                       .rigs = {{.name = shape.name,
                                 .kind = "bench",
                                 .n_in = shape.n_in,
                                 .n_out = shape.n_out,
                                 .stimulus_storage = shape.stimulus,
                                 .response_storage = shape.response}}}};
}

void bench(const Shape& shape, const std::filesystem::path& path) {
    const OwnedBlock x = random_block(shape.n_in, shape.samples, shape.stimulus);
    const OwnedBlock y = random_block(shape.n_out, shape.samples, shape.response);
    const std::vector<journal::StimulusHash> hashes(shape.samples);
    const std::vector<journal::FactTime> times(shape.samples);
    const SystemClock clock;
    std::vector<double> calls;
    double written = 0.0;
    {
        journal::Writer writer(options_of(shape, path), clock);
        const auto start = Time::now();
        for (std::size_t i = 0; i < shape.blocks; ++i) {
            const auto call = Time::now();
            writer.append(journal::Facts{.first_number = i * shape.samples,
                                         .stimuli = x.view(),
                                         .responses = y.view(),
                                         .hashes = hashes,
                                         .times = times});
            calls.push_back(seconds_since(call));
        }
        writer.sync_through(writer.end());
        written = seconds_since(start);
    }
    const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
    auto start = Time::now();
    const journal::Reader reader(path);
    const double read = seconds_since(start);
    start = Time::now();
    const journal::FactIndex index(reader);
    const double indexed = seconds_since(start);
    std::ranges::sort(calls);
    const double samples = static_cast<double>(shape.samples * shape.blocks);
    fmt::print("{:28} append: median {:8.2f} us, 99 % {:8.2f} us ({:7.0f} ns a sample, {:5.0f} "
               "MB/s); durable {:5.0f} MB/s; verified {:5.0f} MB/s; indexed {:4.0f} ns a sample\n",
               shape.name, calls[calls.size() / 2] * 1e6, calls[calls.size() * 99 / 100] * 1e6,
               calls[calls.size() / 2] / static_cast<double>(shape.samples) * 1e9,
               megabytes / static_cast<double>(shape.blocks) / calls[calls.size() / 2],
               megabytes / written, megabytes / read, indexed / samples * 1e9);
    std::filesystem::remove(path);
}

} // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
    const StorageFormat bits{.kind = StorageFormat::Kind::bits};
    const StorageFormat u8{.kind = StorageFormat::Kind::u8};
    const std::vector<Shape> shapes{
        {"1 x (20 -> 40 float32)", 20, 40, {}, {}, 1, 100'000},
        {"206 x (20 -> 40 float32)", 20, 40, {}, {}, 206, 5'000},
        {"64 x (784 bits -> 100 float32)", 784, 100, bits, {}, 64, 5'000},
        {"500 x (784 u8 -> 1000 u8)", 784, 1000, u8, u8, 500, 500},
        {"500 x (784 -> 2000 float32)", 784, 2000, {}, {}, 500, 50},
    };
    for (const Shape& shape : shapes) {
        bench(shape, folder / "bench.journal");
    }
}
