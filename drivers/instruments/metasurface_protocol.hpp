#pragma once

#include "drivers/instruments/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::instruments {

/// The language of a metasurface's controller: what to send it, and what it said. A firmware of a
/// lab's own is a class like this and a line in `metasurface_protocols`; asking again, waiting,
/// locks and what else a driver does, is done for it.
class MetasurfaceProtocol {
  public:
    struct Request {
        std::vector<std::byte> bytes;
        /// By which the protocol tells its reply from those of other requests.
        std::uint32_t mark = 0;
    };
    struct Reply {
        enum class Kind { identity, shown, refused };
        Kind kind = Kind::shown;
        Identity identity{};   ///< of `identity`
        std::size_t atoms = 0; ///< of `identity`
        std::string reason{};  ///< of `refused`
    };

    MetasurfaceProtocol() = default;
    MetasurfaceProtocol(const MetasurfaceProtocol&) = delete;
    MetasurfaceProtocol& operator=(const MetasurfaceProtocol&) = delete;
    virtual ~MetasurfaceProtocol() = default;

    /// The question of what it is. A request is another one than the one before, as far as the
    /// protocol allows, so that a late reply is not taken for that of the next.
    [[nodiscard]] virtual Request identify() = 0;
    /// A number for each meta-atom, 0 for off.
    [[nodiscard]] virtual Request pattern(std::span<const std::uint8_t> states) = 0;
    /// Takes the reply to a request off `received`, and whatever is before it; nothing when more
    /// bytes have to come.
    [[nodiscard]] virtual std::optional<Reply> reply_to(const Request& request,
                                                        std::vector<std::byte>& received) const = 0;
};

struct NamedProtocol {
    std::string name; ///< that of the option `dialect`
    std::function<std::unique_ptr<MetasurfaceProtocol>()> make;
};

/// Those that there are; the first is what a metasurface speaks that says nothing else.
[[nodiscard]] const std::vector<NamedProtocol>& metasurface_protocols();

/// "phyll-frames", docs/metasurface-protocol.md.
[[nodiscard]] std::unique_ptr<MetasurfaceProtocol> make_phyll_frames();

} // namespace phyll::instruments
