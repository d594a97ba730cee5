// Files of data that people bring: each input is read as everything that it could be.

#include "daemon/training/data/csv.hpp"
#include "daemon/training/data/idx.hpp"
#include "daemon/training/data/load.hpp"
#include "daemon/training/data/numpy.hpp"
#include "daemon/training/data/zip_archive.hpp"
#include "drivers/core/readers/csv_rows.hpp"
#include "drivers/core/readers/npy_header.hpp"
#include "drivers/instruments/level_table.hpp"
#include "sim/rigs/replay/number_table.hpp"
#include "tests/fuzz/input.hpp"

#include <cmath>
#include <functional>
#include <memory>

using namespace phyll;
using namespace phyll::fuzz;

namespace {

/// What an input of the fuzzer's length can be unpacked to, and more.
constexpr std::uint64_t most_text = std::uint64_t{16} << 20U;
/// Of samples so many are looked at: the first and the last.
constexpr std::size_t looked_at = 8;

void check_samples(const training::Samples& samples) {
    require(samples.samples() > 0 && samples.features() > 0, "there are samples of features");
    require(!samples.image() || samples.image()->pixels() == samples.features(),
            "an image has as many pixels as there are features");
    for (std::size_t i = 0; i < samples.samples(); ++i) {
        if (i < looked_at || i + looked_at >= samples.samples()) {
            require(samples.sample(i).size() == samples.features(), "a sample has its features");
        }
    }
}

void check_split(const training::SplitData& split) {
    check_samples(split.data.inputs);
    require(split.data.labels.size() == split.data.samples(), "each sample has a label");
    for (const std::uint32_t label : split.data.labels) {
        require(label < split.data.classes(), "a label is one of the classes");
    }
    for (const auto* indices : {&split.split.training, &split.split.test}) {
        require(!indices->empty(), "no split is empty");
        for (const std::uint32_t sample : *indices) {
            require(sample < split.data.samples(), "a split is of samples that there are");
        }
    }
}

void check_stream(const DataFile& file, const std::function<void(ByteStream&)>& read) {
    expect_error_only([&] { read(*open_stream(file, "file")); });
}

void check_npy(const DataFile& file) {
    check_stream(file, [](ByteStream& stream) {
        const NpyHeader header = read_npy_header(stream);
        if (header.type == NpyHeader::Type::f4) {
            const DataFile again(write_npy_header("<f4", header.shape));
            const auto second = open_stream(again, "again");
            require(read_npy_header(*second).shape == header.shape,
                    "a header is read as it was written");
        }
    });
    check_stream(file, [](ByteStream& stream) {
        check_samples(training::read_npy_samples(stream, std::nullopt));
    });
    check_stream(
        file, [](ByteStream& stream) { check_samples(training::read_npy_samples(stream, 0.5)); });
    check_stream(file, [](ByteStream& stream) {
        std::visit([](const auto& labels) { require(!labels.empty(), "there are labels"); },
                   training::read_npy_labels(stream));
    });
}

void check_idx(const DataFile& file) {
    expect_error_only([&] { check_samples(training::read_idx_images(file, "file", 1.0 / 255)); });
    expect_error_only(
        [&] { require(!training::read_idx_labels(file, "file").empty(), "there are labels"); });
}

void check_zip(const DataFile& file) {
    expect_error_only([&] {
        const training::ZipArchive archive(file, "file");
        for (const std::string& entry : archive.entries()) {
            expect_error_only([&] {
                const auto stream = archive.open(entry);
                std::vector<std::byte> piece(4096);
                std::uint64_t size = 0;
                while (const std::size_t count = stream->read_some(piece)) {
                    size += count;
                }
                stream->end();
                require(size <= stream->most(), "an entry is no longer than it can be");
            });
        }
    });
}

void check_csv(const DataFile& file) {
    expect_error_only([&] {
        const std::string text = file.text("file", most_text);
        expect_error_only([&] {
            for (const CsvRow& row : read_csv_rows(text, "file")) {
                require(!row.cells.empty() && row.line > 0, "a row has cells, and a line");
                static_cast<void>(number_in(row.cells.front()));
            }
        });
        expect_error_only([&] {
            const training::DataSet set = training::parse_csv(text, "file", "class", {});
            check_samples(set.inputs);
            require(set.labels.size() == set.samples() &&
                        set.feature_names.size() == set.features(),
                    "a table has the shape of its rows and columns");
        });
    });
    for (const auto header : {sim::Header::automatic, sim::Header::yes, sim::Header::no}) {
        expect_error_only([&] {
            const sim::NumberTable table = sim::read_number_table(file, "file", header);
            require(table.values.size() == table.rows * table.columns &&
                        (table.names.empty() || table.names.size() == table.columns),
                    "a table is as large as it says");
        });
    }
}

/// As a run file asks for it, with the same file for everything.
void check_load(const DataFile& file, const std::string& kind, const std::string& name) {
    v1::DataSpec spec;
    spec.set_kind(kind);
    spec.set_file(name);
    spec.set_label("class");
    spec.set_test_fraction(0.5);
    if (!name.ends_with(".npz") && kind != "csv") {
        spec.set_label_file(name);
    }
    expect_error_only([&] {
        check_split(training::load_data(spec, 1, [&file](const std::string&) { return file; }));
    });
}

void check_levels(std::span<const std::byte> bytes) {
    const MemoryFile file(bytes);
    expect_error_only([&] { static_cast<void>(instruments::read_level_table(file.path())); });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = Input(data, size).rest();
    const DataFile file{std::string(as_text(bytes))};
    check_idx(file);
    check_npy(file);
    check_zip(file);
    check_csv(file);
    check_load(file, "csv", "file.csv");
    check_load(file, "numpy", "file.npz");
    check_levels(bytes);
    return 0;
}
