/* Products by what people call them. */

import { useQuery } from "@tanstack/react-query";
import { products } from "../api/queries";

/** A product's title; its id where that is not among the first ones. */
export function useTitles(): (id: string | null) => string {
  const found = useQuery({ ...products(), staleTime: 30_000 });
  const titles = new Map(found.data?.products.map((each) => [each.id, each.title]));
  return (id) => titles.get(id ?? "") ?? id ?? "";
}
