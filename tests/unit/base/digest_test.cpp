#include "base/digest.h"

#include <doctest/doctest.h>
#include <thread>

using namespace memsync::base;

TEST_CASE("SHA-256 gives the digests of FIPS 180-2") {
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("threads can hash at once") {
  std::string from_thread;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) from_thread = Hash128::of("abc").hex();
  });
  for (int i = 0; i < 1000; ++i) CHECK(Hash128::of("").hex() == "e3b0c44298fc1c149afbf4c8996fb924");
  other.join();
  CHECK(from_thread == "ba7816bf8f01cfea414140de5dae2223");
}

TEST_CASE("a Hash128 survives its hexadecimal and its binary form, and nothing else is read as one") {
  const Hash128 hash = Hash128::of("abc");
  CHECK(hash.bytes().size() == 16);
  CHECK(Hash128::parse(hash.hex()) == hash);
  CHECK(Hash128::from_bytes(hash.bytes()) == hash);
  CHECK(Hash128::of("abd") != hash);
  CHECK(!Hash128::parse(""));
  CHECK(!Hash128::parse(hash.hex() + "0"));
  CHECK(!Hash128::parse("BA7816BF8F01CFEA414140DE5DAE2223"));
  CHECK(!Hash128::parse("ba7816bf8f01cfea414140de5dae222g"));
  CHECK(!Hash128::from_bytes("short"));
}
