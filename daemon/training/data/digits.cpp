#include "daemon/training/data/digits.hpp"

#include "drivers/core/bytes.hpp"
#include "drivers/core/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

constexpr std::size_t side = 28;
constexpr std::size_t pixels = side * side;

struct Point {
    double x; ///< to the right, a digit's box is 0 to 1
    double y; ///< down
};

/// Part of an ellipse, from one angle to another; in degrees, 0 to the right, 90 down.
struct Arc {
    Point centre;
    Point radius;
    double from;
    double to;
};

/// A stroke of the pen: straight from point to point, or an arc.
struct Stroke {
    std::vector<Point> points;
    std::vector<Arc> arcs; ///< at most one; then there are no points
};

using Glyph = std::vector<Stroke>;

Stroke line(std::vector<Point> points) {
    return {std::move(points), {}};
}
Stroke arc(Point centre, Point radius, double from, double to) {
    return {{}, {{centre, radius, from, to}}};
}

/// The ways of writing each digit.
const std::array<std::vector<Glyph>, 10>& glyphs() {
    static const std::array<std::vector<Glyph>, 10> all{{
        // 0: round, narrow, with a stroke through it
        {{arc({.5, .5}, {.36, .48}, -90, 270)},
         {arc({.5, .5}, {.24, .5}, -60, 300)},
         {arc({.5, .5}, {.34, .48}, -90, 270), line({{.74, .16}, {.26, .84}})}},
        // 1: a bar, with a flag, with flag and foot
        {{line({{.5, 0}, {.5, 1}})},
         {line({{.3, .24}, {.54, 0}, {.54, 1}})},
         {line({{.28, .22}, {.5, .02}, {.5, 1}}), line({{.26, 1}, {.76, 1}})}},
        // 2: with an angle, with a loop
        {{arc({.48, .28}, {.34, .28}, 190, 385), line({{.78, .42}, {.14, 1}, {.86, 1}})},
         {arc({.5, .27}, {.32, .27}, 200, 400), line({{.74, .44}, {.3, .86}}),
          arc({.26, .88}, {.12, .1}, -60, 220), line({{.3, .84}, {.58, .94}, {.9, .9}})}},
        // 3: two bows; a flat top
        {{arc({.44, .26}, {.34, .26}, 200, 440), arc({.44, .74}, {.38, .26}, -80, 150)},
         {line({{.16, .02}, {.8, .02}, {.44, .4}}), arc({.44, .7}, {.36, .3}, -90, 150)}},
        // 4: open, closed, on a long stem
        {{line({{.26, 0}, {.16, .56}, {.9, .56}}), line({{.7, .2}, {.66, 1}})},
         {line({{.66, 1}, {.66, 0}, {.1, .66}, {.94, .66}})},
         {line({{.2, .04}, {.22, .46}, {.74, .46}}), line({{.76, 0}, {.74, 1}})}},
        // 5: in two strokes, with a short neck
        {{line({{.82, .02}, {.26, .02}, {.22, .44}}), arc({.46, .7}, {.36, .3}, -130, 150)},
         {line({{.78, .06}, {.34, .04}, {.28, .4}}), arc({.44, .7}, {.3, .28}, -100, 160)}},
        // 6: a bow onto a ring; a straight stroke onto a ring
        {{arc({.78, .56}, {.6, .58}, 180, 258), arc({.5, .7}, {.32, .3}, 0, 360)},
         {line({{.66, 0}, {.3, .5}, {.2, .72}}), arc({.5, .72}, {.3, .27}, -180, 180)}},
        // 7: plain, crossed, with a hook
        {{line({{.12, .04}, {.86, .04}, {.4, 1}})},
         {line({{.14, .04}, {.84, .04}, {.44, 1}}), line({{.34, .5}, {.84, .5}})},
         {line({{.14, .2}, {.14, .04}, {.84, .06}, {.62, .4}, {.5, 1}})}},
        // 8: two rings, a slanted pair
        {{arc({.5, .26}, {.27, .25}, 90, 450), arc({.5, .75}, {.33, .25}, -90, 270)},
         {arc({.54, .25}, {.24, .24}, 100, 460), arc({.48, .74}, {.28, .26}, -80, 280)}},
        // 9: a ring with a straight stem, with a bow
        {{arc({.48, .29}, {.31, .29}, 0, 360), line({{.79, .3}, {.72, 1}})},
         {arc({.5, .28}, {.28, .28}, -10, 350), arc({.3, .4}, {.49, .58}, -15, 80)}},
    }};
    return all;
}

/// The draws of one sample, one after the other.
class Draws {
  public:
    Draws(const KeyedRandom& random, std::uint64_t sample) : random_(random), sample_(sample) {}

    double normal(double deviation) { return deviation * random_.normal(sample_, next_++); }
    double between(double low, double high) {
        return low + (high - low) * random_.uniform(sample_, next_++);
    }
    std::size_t below(std::size_t n) {
        return static_cast<std::size_t>(random_.below(n, sample_, next_++));
    }
    std::uint64_t bits() { return random_.bits(sample_, next_++); }

  private:
    const KeyedRandom& random_;
    std::uint64_t sample_;
    std::uint64_t next_ = 0;
};

/// The strokes of a sample, bent, as chains of points in the digit's box.
std::vector<std::vector<Point>> bend(const Glyph& glyph, Draws& draws) {
    constexpr double wobble = 0.04;
    constexpr double angle_wobble = 10.0;
    constexpr int steps = 16;
    std::vector<std::vector<Point>> chains;
    for (const Stroke& stroke : glyph) {
        std::vector<Point>& chain = chains.emplace_back();
        for (const Point& p : stroke.points) {
            chain.push_back({p.x + draws.normal(wobble), p.y + draws.normal(wobble)});
        }
        for (const Arc& a : stroke.arcs) {
            const Point centre{a.centre.x + draws.normal(wobble),
                               a.centre.y + draws.normal(wobble)};
            const Point radius{a.radius.x * (1 + draws.normal(2 * wobble)),
                               a.radius.y * (1 + draws.normal(2 * wobble))};
            const double from = a.from + draws.normal(angle_wobble);
            const double to = a.to + draws.normal(angle_wobble);
            for (int i = 0; i <= steps; ++i) {
                const double angle = (from + (to - from) * i / steps) * std::numbers::pi / 180.0;
                chain.push_back(
                    {centre.x + radius.x * std::cos(angle), centre.y + radius.y * std::sin(angle)});
            }
        }
    }
    return chains;
}

/// From the digit's box to pixels.
class Placement {
  public:
    explicit Placement(Draws& draws) {
        const double rotation = draws.normal(0.12);
        const double slant = draws.normal(0.15);
        const double height = draws.between(16.5, 20.5);
        const double width = height * draws.between(0.65, 0.95);
        const double c = std::cos(rotation);
        const double s = std::sin(rotation);
        // Slant leans to the right what is above the middle.
        xx_ = width * c;
        xy_ = -height * (slant * c + s);
        yx_ = width * s;
        yy_ = height * (c - slant * s);
        centre_ = {side / 2.0 + draws.normal(0.8), side / 2.0 + draws.normal(0.8)};
    }
    [[nodiscard]] Point operator()(Point p) const {
        const double x = p.x - 0.5;
        const double y = p.y - 0.5;
        return {centre_.x + xx_ * x + xy_ * y, centre_.y + yx_ * x + yy_ * y};
    }

  private:
    double xx_;
    double xy_;
    double yx_;
    double yy_;
    Point centre_{};
};

double distance(Point p, Point a, Point b) {
    const Point along{b.x - a.x, b.y - a.y};
    const double square = along.x * along.x + along.y * along.y;
    const double share = ((p.x - a.x) * along.x + (p.y - a.y) * along.y) / square;
    const double t = square > 0.0 ? std::clamp(share, 0.0, 1.0) : 0.0;
    return std::hypot(p.x - a.x - t * along.x, p.y - a.y - t * along.y);
}

/// Inks the pixels near a straight piece of a stroke of `width` pixels, with a soft edge.
void ink(std::span<double> image, Point a, Point b, double width) {
    const double reach = width / 2.0 + 0.5;
    const auto first = [&](double low) {
        return static_cast<std::size_t>(std::clamp(std::floor(low - reach), 0.0, double{side}));
    };
    const auto end = [&](double high) {
        return static_cast<std::size_t>(std::clamp(std::ceil(high + reach), 0.0, double{side}));
    };
    for (std::size_t row = first(std::min(a.y, b.y)); row < end(std::max(a.y, b.y)); ++row) {
        for (std::size_t column = first(std::min(a.x, b.x)); column < end(std::max(a.x, b.x));
             ++column) {
            const Point middle{static_cast<double>(column) + 0.5, static_cast<double>(row) + 0.5};
            double& pixel = image[row * side + column];
            pixel = std::max(pixel, std::clamp(reach - distance(middle, a, b), 0.0, 1.0));
        }
    }
}

/// Ink and noise, as bytes.
void develop(std::span<const double> image, Draws& draws, std::span<std::byte> bytes) {
    constexpr double noise = 16.0; // of 255, to either side
    const double strength = draws.between(0.75, 1.0);
    std::uint64_t bits = 0;
    for (std::size_t k = 0; k < image.size(); ++k) {
        bits = k % 8 == 0 ? draws.bits() : bits >> 8U;
        const double uniform = static_cast<double>(bits & 0xffU) / 127.5 - 1.0;
        const double value = std::round(255.0 * strength * image[k] + noise * uniform);
        bytes[k] = static_cast<std::byte>(static_cast<unsigned>(std::clamp(value, 0.0, 255.0)));
    }
}

void draw_sample(const KeyedRandom& random, std::uint64_t index, std::span<std::byte> bytes) {
    Draws draws(random, index);
    const std::vector<Glyph>& ways = glyphs()[index % glyphs().size()];
    const std::vector<std::vector<Point>> chains = bend(ways[draws.below(ways.size())], draws);
    const Placement place(draws);
    const double width = draws.between(1.5, 3.2);
    std::array<double, pixels> image{};
    for (const std::vector<Point>& chain : chains) {
        for (std::size_t i = 1; i < chain.size(); ++i) {
            ink(image, place(chain[i - 1]), place(chain[i]), width);
        }
    }
    develop(image, draws, bytes);
}

} // namespace

SplitData drawn_digits(std::uint64_t seed, std::size_t training_samples, std::size_t test_samples) {
    const KeyedRandom random(seed, "digits");
    const std::size_t samples = training_samples + test_samples;
    std::vector<std::byte> images(samples * pixels);
    DataSet data;
    data.name = "digits";
    data.label_entries = glyphs().size();
    for (std::size_t digit = 0; digit < glyphs().size(); ++digit) {
        data.class_names.push_back(std::to_string(digit));
    }
    for (std::size_t i = 0; i < samples; ++i) {
        draw_sample(random, i, std::span(images).subspan(i * pixels, pixels));
        data.labels.push_back(static_cast<std::uint32_t>(i % glyphs().size()));
    }
    data.inputs = Samples(std::make_shared<MemoryBytes>(std::move(images)), 0,
                          {.kind = StorageFormat::Kind::u8, .scale = 1.0 / 255.0}, pixels, samples);
    data.inputs.set_image({.height = side, .width = side});
    return {.data = std::move(data), .split = split_in_order(training_samples, test_samples)};
}

} // namespace phyll::training
