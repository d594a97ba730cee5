#include "daemon/training/data/idx.hpp"
#include "daemon/training/data/load.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;
using test::gzip;
using test::idx;

namespace {

/// Six images of 2 x 2, classes 7, 3, 3, 7, 3, 7.
std::string images() {
    std::string pixels;
    for (int k = 0; k < 24; ++k) {
        pixels += static_cast<char>(10 * k);
    }
    return idx({6, 2, 2}, pixels);
}
std::string labels() {
    return idx({6}, {7, 3, 3, 7, 3, 7});
}

std::string complaint(const std::string& content) {
    try {
        static_cast<void>(read_idx_images(content, "a.idx", 1.0));
    } catch (const Error& error) {
        CHECK(error.code() == Code::invalid_argument);
        return error.what();
    }
    return "accepted";
}

std::string label_complaint(const std::string& content) {
    try {
        static_cast<void>(read_idx_labels(content, "l.idx"));
    } catch (const Error& error) {
        CHECK(error.code() == Code::invalid_argument);
        return error.what();
    }
    return "accepted";
}

using Files = std::map<std::string, std::string>;

SplitData load(const v1::DataSpec& spec, const Files& files, std::uint64_t seed = 1) {
    return load_data(spec, seed, [&](const std::string& path) { return files.at(path); });
}

v1::DataSpec pair_spec() {
    v1::DataSpec spec;
    spec.set_kind("idx");
    spec.set_file("x");
    spec.set_label_file("y");
    spec.set_test_fraction(0.34);
    return spec;
}

v1::DataSpec both_spec() {
    v1::DataSpec spec = pair_spec();
    spec.set_test_file("xt");
    spec.set_test_label_file("yt");
    return spec;
}

} // namespace

TEST_CASE("images and labels are read, plain and packed") {
    for (const std::string& content : {images(), gzip(images())}) {
        const Samples samples = read_idx_images(content, "a.idx", 0.5);
        REQUIRE(samples.samples() == 6);
        REQUIRE(samples.features() == 4);
        CHECK(samples.sample(1) == std::vector<float>{20, 25, 30, 35});
    }
    for (const std::string& content : {labels(), gzip(labels())}) {
        CHECK(read_idx_labels(content, "l.idx") == std::vector<std::int64_t>{7, 3, 3, 7, 3, 7});
    }
    // Several gzip files in one, as some tools write them.
    const std::string half = images().substr(0, 20);
    CHECK(read_idx_images(gzip(half) + gzip(images().substr(20)), "a.idx", 1.0).sample(5) ==
          std::vector<float>{200, 210, 220, 230});
}

TEST_CASE("what is wrong with an IDX file is said with file, byte and reason") {
    CHECK_THAT(complaint(""), Contains("a.idx, byte 0: it ends in the middle of its magic number"));
    CHECK_THAT(complaint("P5 28 28"),
               Contains("a.idx, byte 0") && Contains("50 35 20 32") && Contains("00 00 08"));
    std::string floats = images();
    floats[2] = 0x0d;
    CHECK_THAT(complaint(floats), Contains("a.idx, byte 2") && Contains("float32"));
    CHECK_THAT(complaint(labels()),
               Contains("byte 3") && Contains("1 dimension;") && Contains("images have 2 to 4"));
    CHECK_THAT(label_complaint(images()),
               Contains("l.idx, byte 3") && Contains("3 dimensions") && Contains("labels have 1"));
    CHECK_THAT(complaint(images().substr(0, 10)),
               Contains("byte 8: it ends in the middle of its dimensions") ||
                   Contains("byte 10: it ends in the middle of its dimensions"));
    CHECK_THAT(complaint(images().substr(0, 39)),
               Contains("a.idx, byte 16: its images take 24 bytes, but no more than 23"));
    CHECK_THAT(complaint(images() + "x"), Contains("a.idx, byte 40: more follows"));
    CHECK_THAT(complaint(idx({0, 2, 2}, "")), Contains("byte 4") && Contains("0 x 2 x 2"));
    CHECK_THAT(complaint(idx({1, 0, 2}, "")), Contains("1 x 0 x 2"));
}

TEST_CASE("dimensions that cannot be are refused before memory is taken for them") {
    constexpr std::uint32_t huge = 0xffffffffU;
    CHECK_THAT(complaint(idx({huge, huge, huge}, "x")), Contains("4294967295 x 4294967295"));
    CHECK_THAT(complaint(idx({huge, 1000, 1000}, "x")), Contains("take 4294967295000000 bytes"));
    CHECK_THAT(complaint(gzip(idx({huge, 1000, 1000}, "x"))),
               Contains("after unpacking") && Contains("take 4294967295000000 bytes"));
    CHECK_THAT(label_complaint(gzip(idx({huge}, "x"))), Contains("take 4294967295 bytes"));
    // More than gzip can pack into so little, by a little.
    CHECK_THAT(complaint(gzip(idx({100, 28, 28}, "x"))), Contains("take 78400 bytes"));
}

TEST_CASE("what gzip packed is checked to its end") {
    const std::string packed = gzip(images());
    CHECK_THAT(complaint(packed.substr(0, packed.size() - 8)),
               Contains("middle of what gzip packed"));
    std::string wrong_sum = packed;
    wrong_sum[packed.size() - 6] ^= 1;
    CHECK_THAT(complaint(wrong_sum), Contains("a.idx, byte") && Contains("incorrect data check"));
    CHECK_THAT(complaint(packed + "tail"), Contains("gzip cannot unpack it"));
    CHECK_THAT(complaint(gzip(images() + "x")),
               Contains("a.idx, byte 40 after unpacking: more follows"));
}

TEST_CASE("test files are the test split, the training order is random and fixed by the seed") {
    const Files files{{"x", images()},
                      {"y", labels()},
                      {"xt", gzip(idx({2, 2, 2}, "abcdefgh"))},
                      {"yt", gzip(idx({2}, {3, 9}))}};
    const SplitData loaded = load(both_spec(), files);
    CHECK(loaded.data.class_names == std::vector<std::string>{"3", "7", "9"});
    CHECK(loaded.data.labels == std::vector<std::uint32_t>{1, 0, 0, 1, 0, 1, 0, 2});
    CHECK(loaded.data.label_entries == 3);
    CHECK(loaded.split.test == std::vector<std::uint32_t>{6, 7});
    CHECK(loaded.data.inputs.sample(6)[0] == static_cast<float>('a' / 255.0));
    std::vector<std::uint32_t> order = loaded.split.training;
    CHECK(order == load(both_spec(), files).split.training);
    std::ranges::sort(order);
    CHECK(order == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5});

    v1::DataSpec few = both_spec();
    few.set_training_samples(3);
    few.set_test_samples(1);
    const SplitData limited = load(few, files);
    order = limited.split.training;
    std::ranges::sort(order);
    CHECK(order == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(limited.split.test == std::vector<std::uint32_t>{6});
    few.set_training_samples(6);
    few.set_test_samples(2);
    CHECK(load(few, files).split.training.size() == 6);
    CHECK(load(few, files).split.test.size() == 2);
    few.set_test_samples(3);
    CHECK_THROWS_WITH(load(few, files), "data.test_samples: 3; xt has 2 samples to test on; ask "
                                        "for so many at most, or 0 for all");
    few.set_training_samples(7);
    CHECK_THROWS_WITH(load(few, files), Contains("data.training_samples: 7; x has 6 samples to "));
}

TEST_CASE("one pair of files is split by class") {
    const Files files{{"x", images()}, {"y", labels()}};
    v1::DataSpec spec = pair_spec();
    const SplitData loaded = load(spec, files);
    CHECK(loaded.split.test.size() == 2);
    CHECK(loaded.data.labels[loaded.split.test[0]] != loaded.data.labels[loaded.split.test[1]]);
    CHECK(loaded.split.training.size() == 4);
    spec.set_training_samples(3);
    spec.set_test_samples(1);
    const SplitData limited = load(spec, files);
    CHECK(std::ranges::equal(limited.split.training, std::span(loaded.split.training).first(3)));
    REQUIRE(limited.split.test.size() == 1);
    CHECK(std::ranges::count(loaded.split.test, limited.split.test[0]) == 1);
    spec.set_training_samples(5);
    CHECK_THROWS_WITH(load(spec, files), Contains("data.training_samples: 5; x has 4 samples"));
    spec.set_training_samples(4);
    spec.set_test_samples(3);
    CHECK_THROWS_WITH(load(spec, files), Contains("data.test_samples: 3; x has 2 samples"));
    spec.set_test_samples(2);
    spec.set_scale(1.0);
    CHECK(load(spec, files).data.inputs.sample(0)[1] == 10.0F);
}

TEST_CASE("files that do not fit each other are named") {
    Files files{{"x", images()}, {"y", idx({5}, {7, 3, 3, 7, 3})}};
    CHECK_THROWS_WITH(load(pair_spec(), files), "y has 5 labels, but x has 6 samples");
    files["y"] = idx({6}, {7, 7, 7, 7, 7, 7});
    CHECK_THROWS_WITH(load(pair_spec(), files), Contains("class 7") && Contains("two classes"));
    files["y"] = idx({6}, {7, 7, 7, 7, 3, 7});
    CHECK_THROWS_WITH(load(pair_spec(), files), Contains("class 3 has only one sample"));
    files["y"] = labels();
    files["xt"] = idx({2, 3}, "abcdef");
    files["yt"] = idx({2}, {3, 7});
    CHECK_THROWS_WITH(load(both_spec(), files), "samples of x have 4 features, those of xt have 3");
}

TEST_CASE("paths that are missing are asked for by their field") {
    const auto refused = [](v1::DataSpec spec) {
        try {
            static_cast<void>(load(spec, {}));
        } catch (const Error& error) {
            REQUIRE(error.violations().size() == 1);
            return error.violations().front().field;
        }
        return std::string("accepted");
    };
    v1::DataSpec spec = both_spec();
    spec.clear_file();
    CHECK(refused(spec) == "data.file");
    spec = both_spec();
    spec.clear_label_file();
    CHECK(refused(spec) == "data.label_file");
    spec = both_spec();
    spec.clear_test_file();
    CHECK(refused(spec) == "data.test_file");
    spec = both_spec();
    spec.clear_test_label_file();
    CHECK(refused(spec) == "data.test_label_file");
}

TEST_CASE("no spoiled byte of an IDX file does more than make an error") {
    const bool packed = GENERATE(false, true);
    const std::string content = packed ? gzip(images()) : images();
    std::size_t refused = 0;
    for (const std::string& bad : test::spoiled(content)) {
        try {
            const Samples samples = read_idx_images(bad, "a.idx", 1.0);
            REQUIRE(samples.samples() * samples.features() <= 1000);
            for (std::size_t i = 0; i < samples.samples(); ++i) {
                static_cast<void>(samples.sample(i));
            }
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::invalid_argument);
            REQUIRE_THAT(error.what(), Contains("a.idx, byte "));
            ++refused;
        }
        try {
            static_cast<void>(read_idx_labels(bad, "a.idx"));
        } catch (const Error& error) {
            REQUIRE_THAT(error.what(), Contains("a.idx, byte "));
        }
    }
    // Of a plain file every length is wrong and every bit of the header; gzip has a checksum.
    CHECK(refused > (packed ? 8 * content.size() : 4 * content.size()));
}

TEST_CASE("MNIST is read as it is published") {
    const auto path = test::real_data("mnist/train-images-idx3-ubyte.gz");
    if (!path) {
        return;
    }
    const auto read = [&](const std::string& name) {
        std::ifstream stream(path->parent_path() / name, std::ios::binary);
        return DataFile(std::string(std::istreambuf_iterator<char>(stream), {}));
    };
    const Samples images = read_idx_images(read("t10k-images-idx3-ubyte.gz"), "t", 1.0);
    REQUIRE(images.samples() == 10'000);
    REQUIRE(images.features() == 784);
    const std::vector<std::int64_t> found = read_idx_labels(read("t10k-labels-idx1-ubyte.gz"), "t");
    CHECK(std::vector<std::int64_t>(found.begin(), found.begin() + 10) ==
          std::vector<std::int64_t>{7, 2, 1, 0, 4, 1, 4, 9, 5, 9});
    const std::vector<float> first = images.sample(0);
    CHECK(*std::ranges::max_element(first) == 255.0F);
    CHECK(first[0] == 0.0F);
}
