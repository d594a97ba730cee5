#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace phyll {

/// The public half of a CURVE key pair: says who somebody is, and may be seen by anybody.
struct PublicKey {
    std::array<std::byte, 32> bytes{};

    auto operator<=>(const PublicKey&) const = default;

    /// 64 hexadecimal digits.
    [[nodiscard]] std::string text() const;
    /// The first 8 of them: enough for people to tell keys apart.
    [[nodiscard]] std::string short_text() const { return text().substr(0, 8); }
    /// Reads such a text; nothing where it is none.
    [[nodiscard]] static std::optional<PublicKey> parse(std::string_view text);
    /// The same; throws INVALID_ARGUMENT naming `field`.
    [[nodiscard]] static PublicKey read(const std::string& field, const std::string& text);
};

/// The private half: whoever has it is taken for its owner. The bytes are wiped when it ends.
class SecretKey {
  public:
    explicit SecretKey(const std::array<std::byte, 32>& bytes) : bytes_(bytes) {}
    SecretKey(const SecretKey&) = default;
    SecretKey& operator=(const SecretKey&) = default;
    ~SecretKey();

    [[nodiscard]] const std::array<std::byte, 32>& bytes() const noexcept { return bytes_; }
    /// The public half that belongs to it.
    [[nodiscard]] PublicKey public_key() const;

  private:
    std::array<std::byte, 32> bytes_;
};

/// A new one, from the system's random numbers. Throws INTERNAL where there are none.
[[nodiscard]] SecretKey new_secret_key();

} // namespace phyll
