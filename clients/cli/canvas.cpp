#include "canvas.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <array>

namespace phyll::cli {
namespace {

constexpr std::array<const char*, 8> ink_names{"paper", "text", "muted", "grid",
                                               "c1",    "c2",   "c3",    "c4"};

const char* class_of(Ink ink) {
    return ink_names.at(static_cast<std::size_t>(ink));
}

const char* anchor_name(Canvas::Anchor anchor) {
    return anchor == Canvas::Anchor::begin ? "start"
           : anchor == Canvas::Anchor::end ? "end"
                                           : "middle";
}

} // namespace

Ink ink_of(std::size_t curve) noexcept {
    constexpr std::array inks{Ink::first, Ink::second, Ink::third, Ink::fourth};
    return inks.at(curve % inks.size());
}

std::span<const double> dashes_of(Ink ink) noexcept {
    static constexpr std::array<double, 2> second{7, 3};
    static constexpr std::array<double, 2> third{2, 2.5};
    static constexpr std::array<double, 4> fourth{9, 3, 2, 3};
    switch (ink) {
    case Ink::second:
        return second;
    case Ink::third:
        return third;
    case Ink::fourth:
        return fourth;
    default:
        return {};
    }
}

std::string in_markup(std::string_view text) {
    std::string out;
    for (const char c : utf8(text)) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else if (c == '"') {
            out += "&quot;";
        } else if (c == '\'') {
            out += "&#39;";
        } else if ((code < 0x20 && c != '\n' && c != '\t' && c != '\r') || code == 0x7f) {
            out += "\xef\xbf\xbd";
        } else {
            out += c;
        }
    }
    return out;
}

SvgCanvas::SvgCanvas(double width, double height, std::string_view about)
    : out_(fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:g} {1:g}\" "
                       "width=\"{0:g}\" height=\"{1:g}\" role=\"img\" aria-label=\"{2}\">\n",
                       width, height, in_markup(about))) {}

void SvgCanvas::line(Point from, Point to, Ink ink) {
    out_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        class_of(ink), from.x, from.y, to.x, to.y);
}

void SvgCanvas::curve(std::span<const Point> points, Ink ink) {
    out_ += fmt::format("<polyline class=\"{}\" points=\"", class_of(ink));
    for (const Point& point : points) {
        out_ += fmt::format("{:.1f},{:.1f} ", point.x, point.y);
    }
    out_.back() = '"';
    out_ += "/>\n";
}

void SvgCanvas::dot(Point at, Ink ink) {
    out_ += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n",
                        class_of(ink), at.x, at.y);
}

void SvgCanvas::area(const Box& box, Ink ink, double strength) {
    out_ += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                        "height=\"{:.1f}\" fill-opacity=\"{:.2f}\"/>\n",
                        class_of(ink), box.x, box.y, box.width, box.height, strength);
}

void SvgCanvas::text(Point at, std::string_view words, Anchor anchor, Ink ink, double size,
                     bool upright) {
    out_ += fmt::format(
        "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:g}\" "
        "text-anchor=\"{}\"{}>{}</text>\n",
        class_of(ink), at.x, at.y, size, anchor_name(anchor),
        upright ? fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", at.x, at.y) : "",
        in_markup(words));
}

std::string SvgCanvas::take() {
    out_ += "</svg>\n";
    return std::move(out_);
}

std::string svg_style() {
    std::string out = "svg line { stroke-width: 1; }\n"
                      "svg polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; }\n";
    for (const char* name : ink_names) {
        out += fmt::format("svg line.{0}, svg polyline.{0} {{ stroke: var(--{0}); }}\n"
                           "svg text.{0}, svg rect.{0}, svg circle.{0} {{ fill: var(--{0}); }}\n",
                           name);
    }
    for (std::size_t k = 0; k < 4; ++k) {
        std::string dashes;
        for (const double length : dashes_of(ink_of(k))) {
            dashes += fmt::format("{}{:g}", dashes.empty() ? "" : " ", length);
        }
        if (!dashes.empty()) {
            out += fmt::format("svg polyline.{} {{ stroke-dasharray: {}; }}\n", class_of(ink_of(k)),
                               dashes);
        }
    }
    return out;
}

} // namespace phyll::cli
