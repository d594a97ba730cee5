#include "daemon/training/operations.hpp"
#include "daemon/training/read_out.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <map>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;

namespace {

/// What each layer's steps report together.
std::map<std::size_t, double> operations_of(Scheme& scheme) {
    const SineRig rig(24, 20);
    std::map<std::size_t, double> sums;
    for (std::uint64_t step = 0; step < scheme.steps(); ++step) {
        const Plan plan = scheme.plan(step);
        sums[plan.layer] +=
            scheme.learn(step, plan, rig.respond(plan.stimuli.view()).view()).operations;
    }
    return sums;
}

} // namespace

TEST_CASE("operations are those that a count by hand gives") {
    // 8 numbers of z, each of 3 products and as many sums.
    REQUIRE(affine_operations(3, 2, 4) == 48);
    // 6 weights and 2 biases: 4 samples each, the weights with a product.
    REQUIRE(affine_gradient_operations(3, 2, 4) == 6 * 4 * 2 + 2 * 4);
    REQUIRE(adam_operations(8) == 8 * 13);
    REQUIRE(goodness_operations(2, 4) == 8 * 4);
    REQUIRE(goodness_gradient_operations(2, 4) == 8 * 7);
    REQUIRE(local_learning_operations(3, 2, 4, 5) == 5 * (48 + 56 + 56 + 104));
    REQUIRE(judging_operations(3, 2, 4) == 48 + 32);
    // 6 numbers on and below the diagonal; of the targets one sum for each feature.
    REQUIRE(gram_operations(3, 5) == 6 * 5 * 2 + 3 * 5);
    REQUIRE(cholesky_operations(3, 2) == Approx(9 + 2 * 9 * 2));
    REQUIRE(softmax_gradient_operations(3, 2, 4) == 48 + 8 * 8 + 56);
    REQUIRE(affine_operations(0, 2, 4) == 0);
    // More than 64 bits of a count could hold.
    REQUIRE(affine_operations(1'000'000, 1'000'000, 100'000'000) == 2e20);
}

TEST_CASE("a network's operations follow from its sizes, layer by layer") {
    // Two layers of 20 features and width 8; 70 samples of 7 classes, 6 epochs of one batch and 3
    // updates. An update, of 140 columns:
    const double update = 44'800 + 7'840 + 45'920 + 2'184;
    // What judges 490 columns, and 140 and 70 columns on their way to the next layer.
    const double judging = 156'800 + 15'680;
    const double batch_on = 44'800;
    const double fit_on = 22'400;
    const SplitData data = small_vowels();
    phyll::v1::RunSpec spec = small_spec();

    spec.mutable_training()->set_reuse("run");
    auto sums = operations_of(*make_scheme(spec, data));
    REQUIRE(sums.size() == 2);
    // Every epoch tells the accuracy; then the first layer's outputs, then both splits.
    REQUIRE(sums[0] == 6 * (3 * update + judging) + judging + 2 * judging);
    REQUIRE(sums[1] == 6 * (3 * update + judging) + 2 * judging);

    spec.mutable_training()->set_schedule("simultaneous");
    spec.mutable_training()->set_reuse("off");
    sums = operations_of(*make_scheme(spec, data));
    REQUIRE(sums[0] == fit_on + 6 * (3 * update + batch_on) + 2 * judging);
    REQUIRE(sums[1] == 6 * 3 * update + 2 * judging);
}

TEST_CASE("prototypes learn from a column for each sample, along a direction for each class") {
    // 20 outputs, width 8; 70 samples, 6 epochs of 3 updates.
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_reuse("run");
    auto sums = operations_of(*make_local("prototypes", spec, small_vowels()));
    const double map = 2.0 * 20 * 8 * 70;
    const double z = 8.0 * 70;
    const double update = map + (2 + 2 * 7 + 3 + 2 * 7) * z + (map + z) + 13 * 21 * 8;
    const double judging = map + (2 + 2 * 7) * z;
    CHECK(sums[0] == 6 * (3 * update + judging) + judging + 2 * judging);
    CHECK(operations_of(*make_local("phyll, hard", spec, small_vowels()))[0] >
          operations_of(*make_local("phyll", spec, small_vowels()))[0]);
}

TEST_CASE("a batch changes how often a network is updated, not what a column takes") {
    const SplitData data = small_vowels();
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_reuse("run");
    const double whole = operations_of(*make_scheme(spec, data))[0];
    spec.mutable_training()->set_batch(35);
    // Twice as many updates of the 168 parameters, which the columns share.
    REQUIRE(operations_of(*make_scheme(spec, data))[0] == whole + 6 * 3 * adam_operations(168));
}

TEST_CASE("the operations of a read-out are those of its fits and of what it classifies") {
    phyll::v1::RunSpec spec = complete_spec(1);
    const SplitData data = small_vowels();
    spec.mutable_scheme()->set_kind("ridge");
    const double sums = 21 * 22 * 70 + 21 * 70;
    const double fit = 21.0 * 21 * 21 / 3 + 2.0 * 21 * 21 * 7;
    const double classify = 2 * 20 * 7 * 70;
    // Five folds and eight penalties, then the fit that counts, and both splits.
    REQUIRE(operations_of(*make_read_out(spec, data))[0] ==
            Approx(sums + (5 * 8 + 1) * fit + 8 * classify + 2 * classify).epsilon(1e-12));
    spec.mutable_scheme()->set_kind("softmax");
    const double softmax = operations_of(*make_read_out(spec, data))[0];
    REQUIRE(softmax > 6 * softmax_gradient_operations(20, 7, 56));
    REQUIRE(operations_of(*make_read_out(spec, data))[0] == softmax);
}

TEST_CASE("a softmax read-out counts whole gradients") {
    const SplitData data = small_vowels();
    const auto labels = labels_of(data.data, data.split.training);
    OwnedBlock features(3, labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        features.sample(i)[labels[i] % 3] = 1.0F;
    }
    const SampleRows rows{3, labels.size(), [&](std::size_t i, std::span<float> into) {
                              std::ranges::copy(std::as_const(features).sample(i), into.begin());
                          }};
    const ReadOut read_out =
        fit_read_out(rows, labels, 7, {.kind = ReadOutKind::softmax, .regularisation = 0.01});
    const double gradients = read_out.operations / softmax_gradient_operations(3, 7, labels.size());
    REQUIRE(gradients == std::floor(gradients));
    REQUIRE(gradients > 1);
}
