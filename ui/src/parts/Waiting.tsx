/* Something is on its way: said only when it takes long enough to wonder. */

import { Center, Loader } from "@mantine/core";
import { useEffect, useState } from "react";

const PATIENCE_MS = 500;

export function Waiting({ height }: { height: number | string }) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return <Center mih={height}>{long && <Loader role="status" aria-label="Loading" />}</Center>;
}
