/* What is sold: each with its thumbnail. */

import { Button, Group, Modal, Pagination, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useLocation } from "wouter";
import { api, done } from "../api/client";
import { PAGE, products } from "../api/queries";
import { Nothing, State } from "../parts/State";

export default function Products() {
  const [page, setPage] = useState(1);
  const [adding, { open, close }] = useDisclosure(false);
  const [text, setText] = useState("");
  const [sought] = useDebouncedValue(text.trim(), 40, { leading: true });
  const found = useQuery(products(page - 1, sought));
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1}>Products</Title>
        <Button onClick={open}>Add a product</Button>
      </Group>
      <TextInput
        size="xs"
        maw={280}
        leftSection={<IconSearch size={14} />}
        placeholder="Search"
        aria-label="Search"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setPage(1);
        }}
      />
      <State of={found}>
        {({ products: list, count }) =>
          count === 0 && sought ? (
            <Nothing title="No product is called that">Titles and ids are looked through.</Nothing>
          ) : count === 0 ? (
            <Nothing title="No products yet">
              Add one here, or import a sheet with <code>tirage products import FILE.csv</code>.
            </Nothing>
          ) : (
            <>
              <SimpleGrid cols={{ base: 2, sm: 3, md: 4, xl: 6 }}>
                {list.map((each) => (
                  <Link key={each.id} href={`/products/${each.id}`} style={{ color: "inherit", textDecoration: "none" }}>
                    <div className="plate">
                      {each.thumbnail ? <img src={each.thumbnail} alt="" loading="lazy" /> : <Empty />}
                    </div>
                    <Text fw={550} mt={6} truncate>
                      {each.title}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {each.media.length} pictures
                    </Text>
                  </Link>
                ))}
              </SimpleGrid>
              {count > PAGE && <Pagination total={Math.ceil(count / PAGE)} value={page} onChange={setPage} />}
            </>
          )
        }
      </State>
      <Modal opened={adding} onClose={close} title="A product">
        <Adding />
      </Modal>
    </Stack>
  );
}

function Empty() {
  return (
    <svg viewBox="0 0 100 100" role="img" aria-label="No picture yet" style={{ display: "block", background: "#f1f3f5" }}>
      <path d="M36 30l8-4q6 5 12 0l8 4 10 10-7 7-5-4v31H38V43l-5 4-7-7z" fill="none" stroke="#adb5bd" strokeWidth="1.5" />
    </svg>
  );
}

function Adding() {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [title, setTitle] = useState("");
  const add = useMutation({
    mutationFn: () => done(api.POST("/v1/products", { body: { title: title.trim() } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["products"] });
      go(`/products/${made.id}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus required />
        <Button type="submit" loading={add.isPending} disabled={!title.trim()}>
          Add
        </Button>
      </Stack>
    </form>
  );
}
