// Training images that are measured moved as well.
#include "daemon/training/data/augment.hpp"
#include "daemon/training/data/load.hpp"
#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/read_out.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "tests/support/data_files.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

using Contents = std::map<std::string, std::string>;

SplitData load_augmented(const v1::DataSpec& spec, const Contents& files = {}) {
    return load_data(spec, 3, [&](const std::string& path) { return files.at(path); });
}

v1::DataSpec shifted_spec(const std::string& kind, std::uint32_t shift) {
    v1::DataSpec spec;
    spec.set_kind(kind);
    spec.mutable_augment()->set_shift(shift);
    return spec;
}

v1::DataSpec few_digits(std::uint32_t shift) {
    v1::DataSpec spec = shifted_spec("digits", shift);
    spec.set_training_samples(40);
    spec.set_test_samples(20);
    return spec;
}

/// Images of `shape`, and as many labels, 0 and 1 in turn.
Contents idx_files(const std::vector<std::uint32_t>& shape, char test_pixel = 9) {
    std::size_t pixels = 1;
    for (const std::uint32_t extent : shape) {
        pixels *= extent;
    }
    std::string bytes;
    for (std::size_t i = 0; i < pixels; ++i) {
        bytes += static_cast<char>(i % 100 + 1);
    }
    std::string labels;
    for (std::uint32_t i = 0; i < shape[0]; ++i) {
        labels += static_cast<char>(i % 2);
    }
    return {{"x", test::idx(shape, bytes)},
            {"y", test::idx({shape[0]}, labels)},
            {"tx", test::idx(shape, std::string(pixels, test_pixel))},
            {"ty", test::idx({shape[0]}, labels)}};
}

v1::DataSpec idx_spec(std::uint32_t shift) {
    v1::DataSpec spec = shifted_spec("idx", shift);
    spec.set_file("x");
    spec.set_label_file("y");
    spec.set_test_file("tx");
    spec.set_test_label_file("ty");
    return spec;
}

/// The image moved, by other means: pixel by pixel.
std::vector<float> moved_by_pixel(const std::vector<float>& image, int down, int right) {
    constexpr int side = 28;
    std::vector<float> out;
    for (int row = 0; row < side; ++row) {
        for (int column = 0; column < side; ++column) {
            const int r = row - down;
            const int c = column - right;
            const bool inside = r >= 0 && r < side && c >= 0 && c < side;
            out.push_back(inside ? image[static_cast<std::size_t>(r * side + c)] : 0.0F);
        }
    }
    return out;
}

} // namespace

TEST_CASE("each training image is followed by four copies of it, and no test image is") {
    for (const std::uint32_t by : {1U, 3U}) {
        const SplitData plain = load_augmented(few_digits(0));
        const SplitData data = load_augmented(few_digits(by));
        REQUIRE(plain.split.shown_as == 1);
        REQUIRE(data.split.shown_as == 5);
        REQUIRE(data.split.training.size() == 200);
        REQUIRE(data.data.samples() == data.data.labels.size());
        const int s = static_cast<int>(by);
        const std::array<std::pair<int, int>, 5> moves{{{0, 0}, {-s, 0}, {s, 0}, {0, -s}, {0, s}}};
        for (std::size_t place = 0; place < 200; ++place) {
            const std::uint32_t original = plain.split.training[place / 5];
            const std::uint32_t shown = data.split.training[place];
            const auto [down, right] = moves[place % 5];
            CHECK(data.data.labels[shown] == plain.data.labels[original]);
            CHECK(data.data.inputs.sample(shown) ==
                  moved_by_pixel(plain.data.inputs.sample(original), down, right));
        }
        CHECK(data.split.test == plain.split.test);
        for (const std::uint32_t sample : data.split.test) {
            CHECK(data.data.inputs.sample(sample) == plain.data.inputs.sample(sample));
            CHECK(data.data.labels[sample] == plain.data.labels[sample]);
        }
    }
}

TEST_CASE("the first training samples still represent all classes") {
    const SplitData data = load_augmented(few_digits(1));
    std::set<std::uint32_t> classes;
    for (std::size_t place = 0; place < 50; ++place) {
        classes.insert(data.data.labels[data.split.training[place]]);
    }
    CHECK(classes.size() == 10);
}

TEST_CASE("files of images are moved as well, those of IDX and those of numpy") {
    const SplitData loaded = load_augmented(idx_spec(1), idx_files({4, 2, 3}));
    REQUIRE(loaded.split.training.size() == 20);
    REQUIRE(loaded.split.test.size() == 4);
    const std::vector<float> original = loaded.data.inputs.sample(loaded.split.training[0]);
    const std::vector<float> down = loaded.data.inputs.sample(loaded.split.training[2]);
    CHECK(down == std::vector<float>{0, 0, 0, original[0], original[1], original[2]});
    CHECK(loaded.data.inputs.sample(loaded.split.test[0]) ==
          std::vector<float>(6, static_cast<float>(9 / 255.0)));

    v1::DataSpec spec = shifted_spec("numpy", 1);
    spec.set_file("x.npy");
    spec.set_label_file("y.npy");
    spec.set_test_fraction(0.25);
    std::string kinds(24, '\0');
    std::fill_n(kinds.begin(), 12, '\1');
    const Contents images{{"x.npy", test::npy("|u1", "(24, 2, 2)", std::string(24 * 4, '\1'))},
                          {"y.npy", test::npy("|u1", "(24,)", kinds)}};
    const SplitData arrays = load_augmented(spec, images);
    CHECK(arrays.split.training.size() == 90);
    CHECK(arrays.split.test.size() == 6);
}

TEST_CASE("features are scaled by the training split with its copies, and by no test sample") {
    // Two images of 3 x 3 of which only the middle differs: the pixel above it rests in both.
    const auto files = [](char test_pixel) {
        Contents made = idx_files({2, 3, 3}, test_pixel);
        std::string bytes(18, '\0');
        bytes[4] = 100;
        bytes[13] = 50;
        made["x"] = test::idx({2, 3, 3}, bytes);
        return made;
    };
    const auto fit = [&](char test_pixel) {
        const SplitData data = load_augmented(idx_spec(1), files(test_pixel));
        return FeatureScaling::fit(data.data.inputs, data.split.training);
    };
    const FeatureScaling scaling = fit(9);
    CHECK(scaling.maximum[1] == static_cast<float>(100 / 255.0));
    CHECK(scaling.maximum[0] == 0.0F);
    CHECK(scaling.mean[1] == Approx((100 + 50) / 255.0 / 10));
    const FeatureScaling other = fit(120);
    CHECK(scaling.mean == other.mean);
    CHECK(scaling.deviation == other.deviation);
    CHECK(scaling.minimum == other.minimum);
    CHECK(scaling.maximum == other.maximum);
}

TEST_CASE("a shift of what is no image, or of one that is too small, is refused by its field") {
    CHECK_THROWS_WITH(load_augmented(shifted_spec("vowels", 1)),
                      Contains("data.augment.shift: 1") && Contains("'vowels'") &&
                          Contains("valid is 0") && Contains("'digits'"));
    CHECK_THROWS_WITH(load_augmented(shifted_spec("xor", 2)),
                      Contains("data.augment.shift: 2") && Contains("'xor'"));
    CHECK_THROWS_WITH(load_augmented(few_digits(28)), Contains("data.augment.shift: 28") &&
                                                          Contains("'digits' are 28 x 28") &&
                                                          Contains("valid is 0 to 27"));
    CHECK_THROWS_WITH(load_augmented(idx_spec(2), idx_files({4, 2, 3})),
                      Contains("2 x 3 pixels") && Contains("valid is 0 to 1"));
    CHECK_THROWS_WITH(load_augmented(idx_spec(1), idx_files({4, 6})), Contains("'idx' are none"));
    CHECK_THROWS_WITH(load_augmented(idx_spec(1), idx_files({4, 2, 2, 3})),
                      Contains("'idx' are none"));
    CHECK(load_augmented(idx_spec(0), idx_files({4, 6})).split.training.size() == 4);
    CHECK(load_augmented(shifted_spec("vowels", 0)).split.shown_as == 1);
    try {
        static_cast<void>(load_augmented(shifted_spec("vowels", 1)));
    } catch (const Error& error) {
        CHECK(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().size() == 1);
        CHECK(error.violations()[0].field == "data.augment.shift");
    }
}

TEST_CASE("with every sample five times a read-out chooses as it does with each once") {
    constexpr std::size_t samples = 60;
    constexpr std::size_t features = 40;
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    std::size_t leaks = 0;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        // Little to learn and much to learn by heart.
        const KeyedRandom random(seed, "few samples");
        OwnedBlock once(features, samples);
        OwnedBlock copies(features, 5 * samples);
        std::vector<std::uint32_t> labels;
        std::vector<std::uint32_t> labels_of_copies;
        for (std::size_t i = 0; i < samples; ++i) {
            labels.push_back(static_cast<std::uint32_t>(i % 2));
            for (std::size_t f = 0; f < features; ++f) {
                once.sample(i)[f] =
                    static_cast<float>(random.normal(i, f) + (i % 2 == 0 && f == 0 ? 1.0 : 0.0));
            }
            for (std::size_t copy = 0; copy < 5; ++copy) {
                std::ranges::copy(once.sample(i), copies.sample(5 * i + copy).begin());
                labels_of_copies.push_back(labels.back());
            }
        }
        const auto chosen = [&](const OwnedBlock& of, const std::vector<std::uint32_t>& to,
                                std::size_t shown_as) {
            return fit_read_out(of.view(), to, 2,
                                {.kind = kind, .seed = seed, .shown_as = shown_as})
                .regularisation;
        };
        CHECK(chosen(copies, labels_of_copies, 5) == chosen(once, labels, 1));
        leaks += chosen(copies, labels_of_copies, 1) < chosen(once, labels, 1) ? 1U : 0U;
    }
    CHECK(leaks > 0); // else this shows nothing
}
