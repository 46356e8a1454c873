/* Products to choose from: the newest, and those that somebody looks for. */

import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { products } from "../api/queries";

const PAUSE_MS = 120;

/** What a field offers, and what tells it what is typed there; `chosen` are titles in the field that are no search. */
export function useProducts(chosen: string[] = []) {
  const [typed, seek] = useState("");
  const [text] = useDebouncedValue(chosen.includes(typed) ? "" : typed.trim(), PAUSE_MS);
  const newest = useQuery(products());
  const found = useQuery(products(0, text));
  return { newest: newest.data?.products ?? [], found: found.data?.products ?? [], ready: !newest.isPending, seek };
}

/** For fields whose options the server has chosen already. */
export const asFound = <T,>({ options }: { options: T }): T => options;
