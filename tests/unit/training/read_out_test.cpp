#include "daemon/training/data/augment.hpp"
#include "daemon/training/data/digits.hpp"
#include "daemon/training/data/vowels.hpp"
#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/random_features.hpp"
#include "daemon/training/read_out.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/workers.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stop_token>
#include <utility>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;
using Catch::Matchers::Contains;

namespace {

struct Task {
    OwnedBlock features;
    std::vector<std::uint32_t> labels;
};

/// Points in the plane, one cloud per class around the corners of a triangle.
Task clouds(std::size_t samples, double spread, std::uint64_t seed) {
    const KeyedRandom random(seed, "clouds");
    Task task{OwnedBlock(2, samples), {}};
    for (std::size_t i = 0; i < samples; ++i) {
        const auto label = static_cast<std::uint32_t>(i % 3);
        task.labels.push_back(label);
        const double angle = 2.1 * label;
        task.features.sample(i)[0] =
            static_cast<float>(100.0 + 20.0 * (std::cos(angle) + spread * random.normal(i, 0)));
        task.features.sample(i)[1] =
            static_cast<float>(std::sin(angle) + spread * random.normal(i, 1));
    }
    return task;
}

double share_of(const ReadOut& read_out, const Task& task) {
    return static_cast<double>(read_out.count_hits(task.features.view(), task.labels)) /
           static_cast<double>(task.labels.size());
}

} // namespace

TEST_CASE("read-outs separate clouds, whatever the features' offsets and scales") {
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    const Task training = clouds(90, 0.2, 1);
    const ReadOut read_out =
        fit_read_out(training.features.view(), training.labels, 3, {.kind = kind});
    REQUIRE(share_of(read_out, clouds(300, 0.2, 2)) > 0.98);
    REQUIRE(std::ranges::find(read_out_grid(kind), read_out.regularisation) !=
            read_out_grid(kind).end());
}

TEST_CASE("a softmax read-out is where the gradient of its loss vanishes") {
    const Task task = clouds(60, 0.8, 3);
    constexpr double penalty = 0.01;
    const ReadOut fit = fit_read_out(task.features.view(), task.labels, 3,
                                     {.kind = ReadOutKind::softmax, .regularisation = penalty});
    // The loss in the coordinates of the features themselves, by differences.
    const auto statistics = [&](std::size_t k) {
        double mean = 0.0;
        double square = 0.0;
        for (std::size_t i = 0; i < 60; ++i) {
            mean += task.features.sample(i)[k] / 60.0;
        }
        for (std::size_t i = 0; i < 60; ++i) {
            square += std::pow(task.features.sample(i)[k] - mean, 2) / 60.0;
        }
        return std::sqrt(square);
    };
    const std::array<double, 2> scale{statistics(0), statistics(1)};
    const auto loss = [&](const ReadOut& r) {
        double sum = 0.0;
        for (std::size_t i = 0; i < 60; ++i) {
            std::array<double, 3> score{};
            double total = 0.0;
            for (std::size_t c = 0; c < 3; ++c) {
                score[c] = r.bias[c];
                for (std::size_t k = 0; k < 2; ++k) {
                    score[c] += static_cast<double>(r.weights.sample(c)[k]) *
                                static_cast<double>(task.features.sample(i)[k]);
                }
                total += std::exp(score[c]);
            }
            sum += (std::log(total) - score[task.labels[i]]) / 60.0;
        }
        for (std::size_t c = 0; c < 3; ++c) {
            for (std::size_t k = 0; k < 2; ++k) {
                sum += 0.5 * penalty *
                       std::pow(static_cast<double>(r.weights.sample(c)[k]) * scale[k], 2);
            }
        }
        return sum;
    };
    const double best = loss(fit);
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t k = 0; k < 2; ++k) {
            for (const double step : {-0.05, 0.05}) {
                ReadOut moved = fit;
                moved.weights.sample(c)[k] += static_cast<float>(step / scale[k]);
                moved.bias[c] -= static_cast<float>(step / scale[k] * (k == 0 ? 100.0 : 0.0));
                REQUIRE(loss(moved) > best);
            }
        }
    }
}

TEST_CASE("a ridge read-out solves its normal equations") {
    const Task task = clouds(60, 0.8, 4);
    const ReadOut weak = fit_read_out(task.features.view(), task.labels, 3,
                                      {.kind = ReadOutKind::ridge, .regularisation = 0.0});
    // Without a penalty the residuals are orthogonal to every feature and to 1.
    for (std::size_t c = 0; c < 3; ++c) {
        std::array<double, 3> products{};
        for (std::size_t i = 0; i < 60; ++i) {
            const std::span<const float> f = std::as_const(task.features).sample(i);
            const double score = weak.bias[c] +
                                 static_cast<double>(weak.weights.sample(c)[0]) * f[0] +
                                 static_cast<double>(weak.weights.sample(c)[1]) * f[1];
            const double residual = score - (task.labels[i] == c ? 1.0 : 0.0);
            products[0] += residual;
            products[1] += residual * (f[0] - 100.0) / 20.0;
            products[2] += residual * f[1];
        }
        for (const double product : products) {
            REQUIRE(product == Approx(0.0).margin(2e-3));
        }
    }
    const ReadOut strong = fit_read_out(task.features.view(), task.labels, 3,
                                        {.kind = ReadOutKind::ridge, .regularisation = 1e6});
    REQUIRE(std::abs(strong.weights.sample(0)[1]) < 1e-4F);
}

TEST_CASE("features that never change get no weight, and the seed fixes the fit") {
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    const Task task = clouds(60, 0.5, 5);
    Task padded{OwnedBlock(3, 60), task.labels};
    for (std::size_t i = 0; i < 60; ++i) {
        std::ranges::copy(task.features.sample(i), padded.features.sample(i).begin());
        padded.features.sample(i)[2] = 7.0F;
    }
    const ReadOut read_out =
        fit_read_out(padded.features.view(), padded.labels, 3, {.kind = kind, .seed = 9});
    for (std::size_t c = 0; c < 3; ++c) {
        REQUIRE(read_out.weights.sample(c)[2] == 0.0F);
    }
    const ReadOut again =
        fit_read_out(padded.features.view(), padded.labels, 3, {.kind = kind, .seed = 9});
    REQUIRE(std::ranges::equal(again.weights.view().values(), read_out.weights.view().values()));
    REQUIRE(again.bias == read_out.bias);
}

TEST_CASE("it makes no difference whether features are held or read again and again") {
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    // More than a part's chunk, so that chunks are of several sizes.
    const Task task = clouds(2100, 0.5, 8);
    std::size_t reads = 0;
    const SampleRows rows(2, 2100, [&](std::size_t i, std::span<float> into) {
        ++reads;
        std::ranges::copy(task.features.sample(i), into.begin());
    });
    const ReadOut held = fit_read_out(rows, task.labels, 3, {.kind = kind});
    const std::size_t few_reads = std::exchange(reads, 0);
    const ReadOut streamed = fit_read_out(rows, task.labels, 3, {.kind = kind, .most_held = 0});
    REQUIRE(std::ranges::equal(held.weights.view().values(), streamed.weights.view().values()));
    REQUIRE(held.bias == streamed.bias);
    REQUIRE(held.regularisation == streamed.regularisation);
    REQUIRE(few_reads <= 5 * 2100 + 8 * 420); // two for moments, one or two for the fit, the choice
    REQUIRE((kind == ReadOutKind::ridge ? reads == few_reads : reads > 10 * few_reads));
}

TEST_CASE("a read-out is the same to the bit on any number of threads") {
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    // Large enough for the work to be shared, and of no whole number of tiles.
    constexpr std::size_t features = 150;
    constexpr std::size_t samples = 5000;
    const Task plane = clouds(samples, 0.5, 8);
    const KeyedRandom random(3, "more features");
    const SampleRows rows(features, samples, [&](std::size_t i, std::span<float> into) {
        for (std::size_t k = 0; k < features; ++k) {
            into[k] =
                plane.features.sample(i)[k % 2] + 10.0F * static_cast<float>(random.normal(i, k));
        }
    });
    ReadOutSettings settings{.kind = kind, .regularisation = 1e-3};
    const ReadOut alone = fit_read_out(rows, plane.labels, 3, settings);
    Workers workers(3);
    settings.workers = &workers;
    const ReadOut shared = fit_read_out(rows, plane.labels, 3, settings);
    REQUIRE(std::ranges::equal(alone.weights.view().values(), shared.weights.view().values()));
    REQUIRE(alone.bias == shared.bias);
}

TEST_CASE("a fit ends when it is stopped or when features cannot be read") {
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    const Task task = clouds(300, 0.5, 8);
    std::stop_source stop;
    const auto fit = [&](std::size_t after, const std::function<void()>& then) {
        std::size_t reads = 0;
        const SampleRows rows(2, 300, [&](std::size_t i, std::span<float> into) {
            if (++reads == after) {
                then();
            }
            std::ranges::copy(task.features.sample(i), into.begin());
        });
        static_cast<void>(fit_read_out(rows, task.labels, 3,
                                       {.kind = kind, .most_held = 0, .stop = stop.get_token()}));
    };
    const auto fail = [] { throw Error(Code::data_loss, "the file is gone"); };
    for (const std::size_t after : {std::size_t{1}, std::size_t{700}, std::size_t{850}}) {
        REQUIRE_THROWS_WITH(fit(after, fail), "the file is gone");
    }
    try {
        fit(700, [&] { stop.request_stop(); });
        FAIL("it was stopped");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
}

TEST_CASE("more noise asks for more regularisation: it is chosen, not fixed") {
    // Forty features of which two say something, and hardly more samples than features.
    const auto noisy = [](std::size_t samples, std::uint64_t seed) {
        const Task clean = clouds(samples, 0.3, seed);
        Task task{OwnedBlock(40, samples), clean.labels};
        const KeyedRandom random(seed, "noise");
        for (std::size_t i = 0; i < samples; ++i) {
            for (std::size_t k = 0; k < 40; ++k) {
                task.features.sample(i)[k] = static_cast<float>(random.normal(i, k));
            }
            std::ranges::copy(clean.features.sample(i), task.features.sample(i).begin());
        }
        return task;
    };
    const Task training = noisy(54, 6);
    const ReadOut chosen =
        fit_read_out(training.features.view(), training.labels, 3, {.kind = ReadOutKind::ridge});
    const ReadOut weakest = fit_read_out(training.features.view(), training.labels, 3,
                                         {.kind = ReadOutKind::ridge, .regularisation = 1e-6});
    REQUIRE(chosen.regularisation >= 1e-2);
    const Task fresh = noisy(600, 7);
    REQUIRE(share_of(chosen, fresh) > share_of(weakest, fresh) + 0.02);
}

TEST_CASE("a single training sample makes a read-out that always says its class") {
    const ReadOutKind kind = GENERATE(ReadOutKind::ridge, ReadOutKind::softmax);
    const std::size_t samples = GENERATE(1U, 2U);
    CAPTURE(samples);
    Task task{OwnedBlock(2, samples), std::vector<std::uint32_t>(samples, 1)};
    for (std::size_t i = 0; i < samples; ++i) {
        task.features.sample(i)[0] = static_cast<float>(3 + i);
        task.features.sample(i)[1] = -1.0F;
    }
    const ReadOut read_out = fit_read_out(task.features.view(), task.labels, 3, {.kind = kind});
    CHECK(read_out.regularisation == read_out_grid(kind).front());
    const Task fresh = clouds(30, 0.5, 5);
    const std::vector<std::uint32_t> said = read_out.classify(fresh.features.view());
    CHECK(std::ranges::count(said, 1U) == 30);
}

TEST_CASE("a ridge read-out that cannot be solved says why") {
    Task task = clouds(30, 0.5, 5);
    const auto fit = [&](std::optional<double> regularisation) {
        static_cast<void>(
            fit_read_out(task.features.view(), task.labels, 3,
                         {.kind = ReadOutKind::ridge, .regularisation = regularisation}));
    };
    CHECK_THROWS_WITH(fit(-2.0), Contains("for a regularisation of -2; give a larger one"));
    task.features.sample(4)[1] = std::nanf("");
    CHECK_THROWS_WITH(fit(std::nullopt), Contains("some value is not finite"));
}

TEST_CASE("random features have the rig's shape, are fixed by the seed and are nonlinear") {
    LayerSpec rig;
    rig.kind = "some";
    rig.inputs.resize(6);
    rig.outputs.resize(5);
    rig.max_batch = 100;
    RandomFeatures features(rig, 1);
    REQUIRE(features.spec().n_in() == 6);
    REQUIRE(features.spec().n_out() == 5);
    OwnedBlock x(6, 3);
    std::ranges::fill(x.sample(1), 0.5F);
    std::ranges::fill(x.sample(2), 1.0F);
    OwnedBlock y(5, 3);
    features.query(x.view(), y.view(), {});
    OwnedBlock again(5, 3);
    RandomFeatures(rig, 1).query(x.view(), again.view(), {});
    REQUIRE(std::ranges::equal(y.view().values(), again.view().values()));
    RandomFeatures(rig, 2).query(x.view(), again.view(), {});
    REQUIRE_FALSE(std::ranges::equal(y.view().values(), again.view().values()));
    // The middle of two opposite drives is not the middle of their responses.
    double bend = 0.0;
    for (std::size_t k = 0; k < 5; ++k) {
        REQUIRE(std::abs(y.sample(0)[k]) <= 1.0F);
        bend += std::abs(0.5 * (y.sample(0)[k] + y.sample(2)[k]) - y.sample(1)[k]);
    }
    REQUIRE(bend > 0.05);
}

TEST_CASE("the read-out schemes measure each sample once and learn vowels") {
    const char* kind = GENERATE("ridge", "softmax");
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind(kind);
    const SplitData data = synthetic_vowels(2, 210, 700);
    const auto train = [&] {
        const std::unique_ptr<Scheme> scheme = make_read_out(spec, data);
        return Runner({.plan_ahead = true}).run(*scheme);
    };
    const Record physics = train();
    CHECK(physics.training_queries.at(0) == 210);
    CHECK(physics.evaluation_queries.at(0) == 700);
    CHECK(*physics.test_accuracy > 0.8);
    spec.mutable_layers(0)->set_skip(true);
    CHECK(*train().test_accuracy > 0.85);
    spec.mutable_layers(0)->set_physics(false);
    const Record raw = train();
    CHECK(raw.training_queries.empty());
    CHECK(*raw.test_accuracy > 0.85);
    CHECK(*raw.train_accuracy > 0.85);
}

TEST_CASE("copies of training images are stimuli, and origins, of their own") {
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("ridge");
    spec.mutable_data()->mutable_augment()->set_shift(1);
    SplitData data = drawn_digits(1, 20, 10);
    augment(data, spec.data());
    const std::unique_ptr<Scheme> scheme =
        make_scheme_on({.inputs = 784, .outputs = 3}, spec, data);
    CHECK(scheme->outlook()[0].training_queries == 100);
    CHECK(scheme->outlook()[0].evaluation_queries == 10);
    const Plan plan = scheme->plan(0);
    REQUIRE(plan.stimuli.samples() == 100);
    for (std::uint32_t place = 0; place < 100; ++place) {
        CHECK(plan.origins[place] == Origin{.sample = place});
    }
    CHECK_FALSE(std::ranges::equal(plan.stimuli.sample(5), plan.stimuli.sample(6)));
}

TEST_CASE("a read-out is resumed at any step, and refuses what it cannot be") {
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("ridge");
    const SplitData data = synthetic_vowels(2, 2100, 1400);
    const std::unique_ptr<Scheme> whole = make_read_out(spec, data);
    REQUIRE(whole->steps() == 5);
    Runner runner;
    std::vector<std::vector<NamedArray>> states;
    for (std::uint64_t step = 0; step < whole->steps(); ++step) {
        states.push_back(whole->state());
        runner.run(*whole, step, step + 1);
    }
    for (std::uint64_t step = 0; step < whole->steps(); ++step) {
        const std::unique_ptr<Scheme> resumed = make_read_out(spec, data);
        resumed->restore(states[step]);
        Runner other;
        other.run(*resumed, step, resumed->steps());
        REQUIRE(other.record().test_accuracy == runner.record().test_accuracy);
        REQUIRE(resumed->network() == whole->network());
    }
    const std::unique_ptr<Scheme> other = make_read_out(spec, synthetic_vowels(2, 70, 70));
    REQUIRE_THROWS_WITH(other->restore(states[1]), Contains("another job"));
    REQUIRE_THROWS_WITH(make_read_out(complete_spec(2), data), Contains("a read-out reads one"));
    REQUIRE_THROWS_WITH(whole->plan(2), Contains("turn of step 5"));
}
