#include "clients/cli/report/page.hpp"

#include "clients/cli/canvas.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/report/page_parts.hpp"
#include "drivers/core/version/version.hpp"

#include <fmt/format.h>

namespace phyll::cli {
namespace {

/// Colours that differ in lightness as well as in hue, on paper and on a dark screen.
constexpr const char* page_style = R"(
:root { color-scheme: light dark;
  --paper: #ffffff; --text: #1a1a1a; --muted: #5c5c5c; --grid: #dcdcdc; --rule: #8a8a8a;
  --c1: #0d478c; --c2: #c25900; --c3: #29805f; --c4: #7a3b8f; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #16181b; --text: #e6e6e3; --muted: #a3a6a8; --grid: #34383d; --rule: #6b7075;
  --c1: #82b6f2; --c2: #f0a35e; --c3: #6cc7a0; --c4: #cf9be0; } }
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--text); }
body { font: 13px/1.45 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; max-width: 182mm; margin: 10mm auto; padding: 0 4mm; }
h1 { font-size: 21px; font-weight: 600; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 13px; font-weight: 600; margin: 20px 0 5px; padding-bottom: 2px;
  border-bottom: 1px solid var(--rule); }
p { margin: 3px 0; overflow-wrap: anywhere; }
.muted, figcaption { color: var(--muted); }
.small { font-size: 11.5px; }
.evidence { margin: 8px 0; padding: 5px 9px; border: 1px solid var(--rule); }
.headline { margin: 10px 0 8px; }
.headline b { font-size: 27px; font-weight: 600; margin-right: 10px; }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: 0 12px; margin: 0 0 10px; }
.tiles dt { white-space: nowrap; }
.tiles div { border-top: 1px solid var(--rule); padding-top: 3px; }
.tiles dd:nth-of-type(1) { font-size: 15px; }
.tiles .small { color: var(--muted); }
table { border-collapse: collapse; width: 100%; font-size: 12px; }
th { text-align: left; font-weight: 400; color: var(--muted); padding: 2px 10px 2px 0;
  border-bottom: 1px solid var(--grid); vertical-align: bottom; }
td { padding: 2px 10px 2px 0; vertical-align: top; overflow-wrap: anywhere; min-width: 14mm; }
th:last-child, td:last-child { padding-right: 0; }
.r { text-align: right; white-space: nowrap; overflow-wrap: normal; }
td.n { min-width: 0; }
.n { white-space: nowrap; width: 1%; padding-right: 18px; }
tr.mark td { font-weight: 600; }
dl { display: grid; grid-template-columns: 38mm 1fr; gap: 1px 10px; margin: 4px 0; font-size: 12px; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 6px 0 0; min-width: 0; }
figcaption { font-size: 11.5px; }
figure svg { display: block; width: 100%; height: auto; }
td svg { display: block; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 18px; }
h3 { font-size: 12px; font-weight: 600; margin: 8px 0 0; }
figure h3 { font-weight: 400; margin: 0; }
code { font: 11px/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { font: 11px/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; margin: 4px 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 18px; padding-top: 4px; border-top: 1px solid var(--rule); }
@media screen and (max-width: 640px) {
  .pair { grid-template-columns: 1fr; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 6px 12px; }
  body { margin: 4mm auto; }
  table { display: block; overflow-x: auto; }
  th, td { min-width: 0; overflow-wrap: normal; }
}
@page { size: A4; margin: 12mm 14mm; }
@media print {
  :root { color-scheme: light;
    --paper: #ffffff; --text: #000000; --muted: #3c3c3c; --grid: #d0d0d0; --rule: #707070;
    --c1: #0d478c; --c2: #c25900; --c3: #29805f; --c4: #7a3b8f; }
  body { font-size: 8.6pt; line-height: 1.35; margin: 0; padding: 0; max-width: none; }
  table, dl { font-size: 8pt; }
  td, th { padding-top: 1px; padding-bottom: 1px; }
  .small, figcaption { font-size: 7.6pt; }
  pre, code { font-size: 7pt; line-height: 1.3; }
  h1 { font-size: 15pt; }
  h2 { margin-top: 9pt; font-size: 9pt; }
  h2, h3 { break-after: avoid; }
  figure, tr, table, dl { break-inside: avoid; }
  .evidence, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  pre.columns { columns: 2; column-gap: 8mm; }
}
)";

} // namespace

std::string page_of(const std::string& title, const std::string& content, const std::string& of,
                    double time) {
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"generator\" content=\"phyllctl {}\"/>\n"
        "<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
        version(), in_markup(title), page_style, svg_style(), in_markup(title));
    return out + content +
           fmt::format(
               "<footer class=\"muted small\">Written {} by phyllctl {} from what phylld has "
               "recorded of {}.</footer>\n</body>\n</html>\n",
               in_markup(local_time(time)), version(), in_markup(of));
}

std::string report_page(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    return page_of(
        fmt::format("Run {}{}{}", info.run(), info.name().empty() ? "" : ": ", info.name()),
        headline_part(facts) + seeds_part(facts) + figures_part(facts) + queries_part(facts) +
            drift_part(facts) + events_part(facts) + settings_part(facts) + rigs_part(facts) +
            provenance_part(facts) + run_file_part(facts),
        fmt::format("run {}", info.run()), facts.time);
}

} // namespace phyll::cli
