#include "clients/cli/report/latex.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace phyll::cli {
namespace {

struct Symbol {
    char32_t code;
    const char* latex;
};

/// Of ASCII what has a meaning of its own, and of the rest what units, quantities and quotations
/// are made of. Rising.
constexpr std::array symbols{Symbol{U'\t', " "},
                             Symbol{U'\n', " "},
                             Symbol{U'#', "\\#"},
                             Symbol{U'$', "\\$"},
                             Symbol{U'%', "\\%"},
                             Symbol{U'&', "\\&"},
                             Symbol{U'/', "/\\allowbreak{}"},
                             Symbol{U'<', "\\textless{}"},
                             Symbol{U'>', "\\textgreater{}"},
                             Symbol{U'\\', "\\textbackslash{}"},
                             Symbol{U'^', "\\textasciicircum{}"},
                             Symbol{U'_', "\\_\\allowbreak{}"},
                             Symbol{U'{', "\\{"},
                             Symbol{U'|', "\\textbar{}"},
                             Symbol{U'}', "\\}"},
                             Symbol{U'~', "\\textasciitilde{}"},
                             Symbol{0x00a0, "~"},
                             Symbol{0x00b0, "$^\\circ$"},
                             Symbol{0x00b1, "$\\pm$"},
                             Symbol{0x00b2, "$^2$"},
                             Symbol{0x00b3, "$^3$"},
                             Symbol{0x00b5, "$\\mu$"},
                             Symbol{0x00b7, "$\\cdot$"},
                             Symbol{0x00b9, "$^1$"},
                             Symbol{0x00d7, "$\\times$"},
                             Symbol{0x0394, "$\\Delta$"},
                             Symbol{0x03a9, "$\\Omega$"},
                             Symbol{0x03b1, "$\\alpha$"},
                             Symbol{0x03b2, "$\\beta$"},
                             Symbol{0x03b3, "$\\gamma$"},
                             Symbol{0x03b4, "$\\delta$"},
                             Symbol{0x03b5, "$\\varepsilon$"},
                             Symbol{0x03b8, "$\\theta$"},
                             Symbol{0x03ba, "$\\kappa$"},
                             Symbol{0x03bb, "$\\lambda$"},
                             Symbol{0x03bc, "$\\mu$"},
                             Symbol{0x03c0, "$\\pi$"},
                             Symbol{0x03c1, "$\\rho$"},
                             Symbol{0x03c3, "$\\sigma$"},
                             Symbol{0x03c4, "$\\tau$"},
                             Symbol{0x03c6, "$\\varphi$"},
                             Symbol{0x03c7, "$\\chi$"},
                             Symbol{0x03c9, "$\\omega$"},
                             Symbol{0x2009, "\\,"},
                             Symbol{0x2013, "--"},
                             Symbol{0x2014, "---"},
                             Symbol{0x2018, "`"},
                             Symbol{0x2019, "'"},
                             Symbol{0x201c, "``"},
                             Symbol{0x201d, "''"},
                             Symbol{0x2026, "\\ldots{}"},
                             Symbol{0x202f, "\\,"},
                             Symbol{0x2126, "$\\Omega$"},
                             Symbol{0x2192, "$\\rightarrow$"},
                             Symbol{0x2212, "$-$"},
                             Symbol{0x221a, "$\\surd$"},
                             Symbol{0x221e, "$\\infty$"},
                             Symbol{0x2248, "$\\approx$"},
                             Symbol{0x2264, "$\\leq$"},
                             Symbol{0x2265, "$\\geq$"}};
static_assert(std::ranges::is_sorted(symbols, {}, &Symbol::code));

/// Letters with marks, which every LaTeX since 2018 knows as they are. Of that range those are
/// missing that the fonts which it takes by itself lack.
bool is_letter_of_latex(char32_t code) {
    constexpr std::u32string_view missing =
        U"\u00d0\u00de\u00f0\u00fe\u0104\u0105\u0110\u0111\u0118\u0119\u0126\u0127\u012e\u012f"
        U"\u0138\u013f\u0140\u0149\u014a\u014b\u0166\u0167\u0172\u0173\u00f7";
    return code >= 0x00c0 && code <= 0x017e && missing.find(code) == std::u32string_view::npos;
}

/// The code point that begins at `at`, of a text that is UTF-8, and how many bytes it takes.
std::pair<char32_t, std::size_t> code_point(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t code = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
        code = code << 6U | (static_cast<unsigned char>(text[at + k]) & 0x3fU);
    }
    return {code, length};
}

} // namespace

std::string in_latex(std::string_view text) {
    const std::string clean = utf8(text);
    std::string out;
    char32_t before = 0;
    for (std::size_t at = 0; at < clean.size();) {
        const auto [code, length] = code_point(clean, at);
        const auto symbol = std::ranges::lower_bound(symbols, code, {}, &Symbol::code);
        if (code == U'%' && out.ends_with(' ')) {
            out.back() = '~'; // a number and its unit stay on one line
            out += "\\%";
        } else if (code == U'-' && out.ends_with('+')) {
            out.back() = '$';
            out += "\\pm$";
        } else if (symbol != symbols.end() && symbol->code == code) {
            out += symbol->latex;
        } else if ((code >= 0x20 && code < 0x7f) || is_letter_of_latex(code)) {
            // Two of these in a row would become one sign.
            const bool joins = code == before &&
                               std::string_view("-,'`").find(clean[at]) != std::string_view::npos;
            out += joins ? "{}" : "";
            out += clean.substr(at, length);
        } else if (code >= 0xa0) {
            out += fmt::format("[U+{:04X}]", static_cast<std::uint32_t>(code));
        }
        before = code;
        at += length;
    }
    return out;
}

} // namespace phyll::cli
