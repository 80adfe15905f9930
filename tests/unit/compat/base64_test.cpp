#include "compat/base64.hpp"

#include <gtest/gtest.h>

namespace foster::compat {
namespace {

TEST(Base64, KnownTexts) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("\xff\xfe\xfd"), "//79");
}

TEST(Base64, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, BlanksDoNotMatterAndOtherCharactersDo) {
  EXPECT_EQ(from_base64(" Zm\r\n9v \n"), "foo");
  for (const auto* bad : {"Zg", "Zg=", "Z===", "Zg=A", "Zm9v!", "====", "Zg==="}) {
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace foster::compat
