import { describe, expect, it } from "vitest";
import { macToBytes } from "../../base/mac.ts";
import {
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  RTM_NEWLINK,
} from "./constants.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import { decodeLink } from "./link.ts";
import { MessageBuilder, splitMessages } from "./message.ts";

function build(family: number, flags: number): MessageBuilder {
  const fixed = new Uint8Array(16);
  fixed[0] = family;
  writeHost16(fixed, 2, 1);
  writeHost32(fixed, 4, 7);
  writeHost32(fixed, 8, flags);
  return new MessageBuilder(RTM_NEWLINK, 0, 0).fixed(fixed);
}

function decode(builder: MessageBuilder): ReturnType<typeof decodeLink> {
  const [message] = splitMessages(builder.finish());
  return message === undefined ? undefined : decodeLink(message);
}

describe("interfaces of rtnetlink", () => {
  it("decodes a running veth in a bridge", () => {
    const builder = build(0, 0x1043)
      .text(IFLA_IFNAME, "eth0")
      .uint32(IFLA_MTU, 1500)
      .uint32(IFLA_LINK, 8)
      .uint32(IFLA_MASTER, 3)
      .attribute(IFLA_ADDRESS, macToBytes("be:78:e4:5f:7a:b3"))
      .nested(IFLA_LINKINFO, (inner) => inner.text(IFLA_INFO_KIND, "veth"));
    expect(decode(builder)).toEqual({
      index: 7,
      name: "eth0",
      up: true,
      running: true,
      mtu: 1500,
      mac: "be:78:e4:5f:7a:b3",
      type: 1,
      loopback: false,
      master: 3,
      parent: 8,
      linkInfoKind: "veth",
    });
  });

  it("tells up without carrier from down", () => {
    expect(decode(build(0, 0x1003).text(IFLA_IFNAME, "a"))).toMatchObject({ up: true, running: false });
    expect(decode(build(0, 0x1002).text(IFLA_IFNAME, "a"))).toMatchObject({ up: false, running: false });
  });

  it("has no MAC where the link layer's address is none", () => {
    const builder = build(0, 0)
      .text(IFLA_IFNAME, "tun0")
      .attribute(IFLA_ADDRESS, Uint8Array.of(10, 0, 0, 1));
    expect(decode(builder)?.mac).toBeUndefined();
  });

  it("ignores a bridge's word about its port", () => {
    expect(decode(build(7, 0x1043).text(IFLA_IFNAME, "eth0"))).toBeUndefined();
  });
});
