// A journal of any bytes: as they are, and with checksums that are right, which a fuzzer never
// guesses.

#include "drivers/core/journal/fact_index.hpp"
#include "drivers/core/journal/layout.hpp"
#include "drivers/core/journal/measurements.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/writer.hpp"
#include "tests/fuzz/input.hpp"

#include <optional>

using namespace phyll;
using namespace phyll::fuzz;
using namespace phyll::journal;

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t at_length = 12; ///< of a header, and 4 bytes less of a record
constexpr std::size_t at_record_length = 8;

/// A length that fits into what is left, as a multiple of 8; the least is as it has to be.
std::size_t fitting(std::size_t length, std::size_t least, std::size_t left) {
    const std::size_t most = left / layout::alignment * layout::alignment;
    const std::size_t whole = layout::padded(length);
    return whole < least || whole > most ? most : whole;
}

/// The same with the magic, the version, lengths that fit, and the checksums of a whole journal.
Bytes mended(Bytes file) {
    constexpr std::size_t least_header = 72;
    if (file.size() < least_header) {
        return file;
    }
    std::ranges::copy(std::as_bytes(std::span(layout::magic)), file.begin());
    layout::put(file, layout::magic.size(), format_version);
    std::size_t at =
        fitting(layout::get<std::uint32_t>(file, at_length), least_header, file.size());
    layout::put(file, at_length, static_cast<std::uint32_t>(at));
    const std::span<std::byte> all(file);
    const std::uint32_t checksum = layout::checksum(0, all.first(at - sizeof(std::uint32_t)));
    layout::put(file, at - sizeof checksum, checksum);
    while (file.size() - at >= layout::head_bytes) {
        const std::size_t length = fitting(layout::get<std::uint32_t>(file, at + at_record_length),
                                           layout::head_bytes, file.size() - at);
        layout::put(file, at + at_record_length, static_cast<std::uint32_t>(length));
        layout::seal(all.subspan(at, length), at, 0, checksum);
        at += length;
    }
    return file;
}

struct Look {
    const Header& header;

    void operator()(const FactsView& facts) const {
        const RigEntry& rig = header.rigs.at(facts.rig);
        require(facts.samples > 0, "facts are of samples");
        std::vector<float> stimulus(rig.n_in);
        std::vector<float> response(rig.n_out);
        for (std::size_t i = 0; i < facts.samples; ++i) {
            static_cast<void>(facts.hash(i));
            static_cast<void>(facts.time(i));
            facts.read_stimulus(i, stimulus);
            facts.read_response(i, response);
        }
    }
    void operator()(const Raw& raw) const {
        require(raw.rig < header.rigs.size() && raw.samples > 0, "raw bytes are of a rig");
        require(std::string(raw.type).size() == raw.type.size() &&
                    Bytes(raw.bytes.begin(), raw.bytes.end()).size() == raw.bytes.size(),
                "raw bytes can be read");
    }
    void operator()(const Mark& mark) const {
        require(mark.rig == no_rig || mark.rig < header.rigs.size(), "a mark is about a rig");
    }
    void operator()(const OriginsView& origins) const {
        require(origins.rig < header.rigs.size() && origins.samples > 0, "origins are of a rig");
        for (std::size_t i = 0; i < origins.samples; ++i) {
            static_cast<void>(origins.origin(i));
        }
    }
};

/// Reads all that a journal has; says how much.
std::size_t read_all(const Reader& reader) {
    require(encode_header(reader.header()).size() <= reader.end(), "a header that was read is one");
    for (std::size_t i = 0; i < reader.size(); ++i) {
        std::visit(Look{reader.header()}, reader.record(i));
    }
    const FactIndex index(reader);
    for (std::uint32_t rig = 0; rig < reader.header().rigs.size(); ++rig) {
        for_each_measurement(reader, rig, [&](const FactsView& facts, std::uint32_t sample) {
            const auto found = index.find(rig, facts.purpose, facts.first_number + sample);
            require(found && found->facts.first_number == facts.first_number,
                    "a measurement is found by its number");
            require(!index.find(rig, facts.era, facts.hash(sample)).empty(),
                    "a measurement is found by its stimulus");
        });
    }
    return reader.size();
}

/// A run that goes on behind it keeps all that was read.
void go_on(const std::string& path, const Header& header, std::size_t records) {
    static const SystemClock clock;
    {
        Writer writer({.path = path, .header = header}, clock);
        static_cast<void>(writer.append(Mark{.text = "goes on"}));
        writer.close();
    }
    const Reader reader(path);
    require(reader.closed() && reader.torn_bytes() == 0, "a journal that was closed is whole");
    require(read_all(reader) == records + 1, "a run goes on behind what its journal has");
}

enum class Then { nothing, go_on };

void check(const Bytes& bytes, Then then) {
    const MemoryFile file(bytes);
    std::optional<Header> header;
    std::size_t records = 0;
    expect_error_only([&] {
        const Reader reader(file.path());
        require(reader.end() + reader.torn_bytes() == bytes.size(), "each byte is accounted for");
        records = read_all(reader);
        header = reader.header();
    });
    if (header && then == Then::go_on) {
        go_on(file.path(), *header, records);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = Input(data, size).rest();
    const Bytes file(bytes.begin(), bytes.end());
    check(file, Then::nothing);
    check(mended(file), Then::go_on);
    return 0;
}
