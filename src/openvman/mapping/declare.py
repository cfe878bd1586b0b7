"""ClassMap, Edge: what a CIM class is made of, and how instances are joined.

Declarations are checked against the schema when they are bound (``bind.py``). Getters read nothing but their object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from openvman.cim.declarations import MethodDeclaration, ParameterDeclaration, PropertyDeclaration, Qualifier
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.values import CIMType, Value

if TYPE_CHECKING:  # a class names its methods, and these name the classes of what they take
    from openvman.mapping.methods import Change, Join, MethodMap, Modify

Picture: TypeAlias = Any
"""Whatever the declarations of an application read from; the engine only passes it on."""


# --- where a property's value comes from ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Write:
    """A property that a client may set: its value goes into the spec's field ``into``.

    With ``into`` None it is only read beside another property (units beside a quantity).
    ``parse`` gets the typed, non-NULL value and all typed values of the instance, and returns the field's value; it
    raises ValueError with the rule when the value is not acceptable. ``defining`` and ``modifying`` say when the
    property is read: in a definition, in a modification.
    """

    into: str | None
    parse: Callable[[Value, NameMap[Value]], Any] = lambda value, _values: value
    defining: bool = True
    modifying: bool = True


@dataclass(frozen=True, slots=True)
class Const:
    """The same value for every object."""

    value: Value
    write: None = None


@dataclass(frozen=True, slots=True)
class Attr:
    """The attribute ``path`` (dots allowed; None on the way gives NULL)."""

    path: str
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Coded:
    """A model enumeration as a ValueMap code: both directions from one table.

    A value that the table lacks reads as NULL; a code that it lacks is refused when written.
    """

    path: str
    codes: Mapping[Any, int]
    into: str | None = None

    @property
    def write(self) -> Write | None:
        if self.into is None:
            return None
        back = {code: value for value, code in self.codes.items()}

        def parse(code: Value, _values: NameMap[Value]) -> Any:
            if code not in back:
                known = ", ".join(str(c) for c in back)
                raise ValueError(f"{code} is not one of {known}")
            return back[code]

        return Write(self.into, parse)


@dataclass(frozen=True, slots=True)
class Call:
    """A small getter."""

    read: Callable[[Any], Value]
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class WriteOnly:
    """What a client may set and nobody reads, as passwords are: it reads as NULL, or as what ``shown`` says in its
    place.
    """

    write: Write
    shown: Callable[[Any], Value] | None = None


@dataclass(frozen=True, slots=True)
class ClassName:
    """The bound name of a class: its own (``of`` None), as CreationClassName wants it, or another map's."""

    of: ClassMap | None = None
    write: None = None


Source: TypeAlias = Const | Attr | Coded | Call | WriteOnly | ClassName

# --- classes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unfound:
    """A path that names no instance of its class, or not all of its keys."""

    classmap: ClassMap
    class_name: str
    given: NameMap[Value]
    """The key bindings as they came."""
    association: str | None
    """The association that was to be followed from there; None where the instance itself was asked for."""
    follows: bool
    """Whether an association was to be followed at all."""
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A space's own errors; what gives None leaves it to the standard's."""

    unfound: Callable[[Unfound], CIMError | None] = lambda _unfound: None
    lost: Callable[[ClassMap, Any, str | None], CIMError | None] = lambda _classmap, _obj, _association: None
    """An object is there, but what it is joined to by an association is not."""
    unreadable: Callable[[CIMError], CIMError | None] = lambda _error: None
    """The text of an embedded instance is none."""
    unacceptable: Callable[[CIMError], CIMError | None] = lambda _error: None
    """An embedded instance asks for what cannot be."""
    unknown_code: Callable[[CIMError], CIMError | None] = lambda _error: None
    """A code of a ValueMap that means nothing here."""
    missing: Callable[[str], CIMError | None] = lambda _parameter: None
    """A parameter that a method needs was not given."""
    absent: Callable[[str], CIMError | None] = lambda _method: None
    """A method that the schema has and the class map has not."""
    failed: Callable[[Any], CIMError | None] = lambda _failure: None
    """An operation raised this (the application's own exception)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a space takes what clients send, and in which words it refuses; the defaults are the standard's way."""

    ignores_surplus: bool = False
    """Key bindings, and properties of embedded instances, that the class does not have are passed over."""
    takes_class_paths: bool = False
    """A method may be invoked on a class that has one instance."""
    fenced: bool = False
    """An answer shows everything that happened on the platforms before the question."""
    is_told_unasked: bool = True
    """Who names no namespace is told of what happens here."""
    words: Words = field(default_factory=Words)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Instances that are shown together, in each of ``namespaces``; the first is the canonical one.

    A namespace may show several spaces.
    """

    namespaces: tuple[str, ...]
    description: str
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True)
class Base:
    """A class ``<prefix>_<name>`` without instances of its own, which others of the view derive from."""

    name: str
    cim: str
    description: str
    extras: tuple[PropertyDeclaration, ...] = ()


def itself(obj: Any) -> Any:
    return obj


def as_it_is(_picture: Picture, obj: Any) -> Any:
    return obj


def alone(owner: Any) -> Iterable[Any]:
    """Of an aggregate, itself."""
    return (owner,)


@dataclass(frozen=True, slots=True)
class OfEach:
    """The extent of a class whose objects are each read off one aggregate, and off nothing else.

    ``parts`` are the aggregates by id, in parts that are the same objects as long as no aggregate in them changes;
    ``objects`` gives those of one aggregate. So what was made of a part need not be made again: a class map that shows
    the fewer or the more for what else there is (other aggregates, the server) must not be declared in this way.
    """

    parts: Callable[[Picture], Iterable[Mapping[str, Any]]]
    objects: Callable[[Any], Iterable[Any]] = alone

    def __call__(self, picture: Picture) -> Iterator[Any]:
        return chain.from_iterable(map(self.of, self.parts(picture)))

    def of(self, part: Mapping[str, Any]) -> Iterator[Any]:
        """The objects of a part."""
        return chain.from_iterable(map(self.objects, part.values()))


UntoldParts: TypeAlias = Callable[[Picture], Iterable[Any]]
"""What a declaration shows of that the application's platforms do not tell when it changes, in the application's own
terms: where answers are fenced it is read anew before each."""


def all_is_told(_picture: Picture) -> Iterable[Any]:
    return ()


OwnersWith: TypeAlias = Callable[[Picture, Value], Iterable[Any]]
"""The aggregates that have objects with a value of a property: all of them, each once, and others at will."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassMap:
    """Objects of a model type shown as instances of ``<prefix>_<name>``, which derives from ``cim``.

    ``extent`` gives all objects, best as an :class:`OfEach`: others may change with whatever bears their owner.
    ``find`` gives one by its keys (the engine then compares every key, so ``find`` may be approximate). ``owner`` is
    the type of the aggregate that the object belongs to (see :class:`Owner`).
    ``spec`` is what an embedded instance of the class is parsed into; ``accepts`` decides whether an instance of a
    base class (``CIM_ResourceAllocationSettingData``) means this map.
    """

    name: str
    cim: str
    owner: type
    extent: Callable[[Picture], Iterable[Any]]
    find: Callable[[Picture, NameMap[Value]], Any | None]
    keys: Mapping[str, Source]
    properties: Mapping[str, Source]
    description: str
    found_by: Mapping[str, OwnersWith] = field(default_factory=dict)
    """Properties that tell of which aggregates an object is, so that queries need not look at all others."""
    space: Space | None = None
    """Where the instances are shown; None: in the first of the view's spaces."""
    methods: tuple[MethodMap, ...] = ()
    kind: type | None = None
    """The type of the objects, where several maps share an end or an output."""
    subject: Callable[[Any], Any] = itself
    """What operations get of an object, where the objects are shown through something of the view's own."""
    seen: Callable[[Picture, Any], Any | None] = as_it_is
    """The reverse: the object for what an operation gives; None for what the map does not show."""
    identity: Callable[[Any], Mapping[str, Any]] | None = None
    """The fields of the spec of a modification that say which object it is about."""
    spec: Callable[..., Any] | None = None
    accepts: Callable[[NameMap[Value]], bool] = lambda _values: True
    modify: Modify | None = None
    create: Change | None = None
    """CreateInstance: the operation gets the spec, and returns the object that it made."""
    delete: Change | None = None
    """DeleteInstance: the operation gets the object."""
    derived: bool = True
    """False: its instances are shown as ``cim`` itself, for classes whose instances clients make by that name."""
    extras: tuple[PropertyDeclaration, ...] = ()
    """Properties of the class's own, for what the schema has no property for; made by :func:`own_property`."""
    extra_methods: tuple[MethodDeclaration, ...] = ()
    """Likewise methods; made by :func:`own_method`."""
    untold: UntoldParts = all_is_told

    @property
    def sources(self) -> dict[str, Source]:
        return {**self.keys, **self.properties}


def own_property(name: str, type: CIMType, description: str, *, is_array: bool = False) -> PropertyDeclaration:
    """A property that a class of ours has beside those of the schema."""
    described = Qualifier("Description", "string", description)
    return PropertyDeclaration(name, type, is_array, qualifiers=NameMap([("Description", described)]))


def own_method(name: str, description: str, *parameters: ParameterDeclaration) -> MethodDeclaration:
    """A method that a class of ours has beside those of the schema; it returns a code."""
    described = Qualifier("Description", "string", description)
    declared = NameMap((parameter.name, parameter) for parameter in parameters)
    return MethodDeclaration(name, "uint32", declared, qualifiers=NameMap([("Description", described)]))


def own_parameter(
    name: str,
    description: str,
    *,
    is_array: bool = False,
    embedded: str | None = None,
    reference: str | None = None,
    is_out: bool = False,
) -> ParameterDeclaration:
    """A parameter of such a method: text, an ``embedded`` instance of a class, or a ``reference`` to one."""
    said = [Qualifier("Description", "string", description)]
    if embedded is not None:
        said.append(Qualifier("EmbeddedInstance", "string", embedded))
    if is_out:
        said += [Qualifier("In", "boolean", value=False), Qualifier("Out", "boolean", value=True)]
    return ParameterDeclaration(
        name,
        "string" if reference is None else "reference",
        is_array,
        reference_class=reference,
        qualifiers=NameMap((each.name, each) for each in said),
    )


OwnerId: TypeAlias = tuple[type, str]


@dataclass(frozen=True, slots=True)
class Owner:
    """An aggregate: the unit in which the picture changes; it has an ``id``.

    ``get`` finds one by id, ``of`` the one that an object belongs to. ``within`` is the picture reduced to one owner:
    it holds no other aggregate, and looks up all others as the picture does. ``order`` is what those that an object
    leads to are sorted by. ``bears`` names aggregates of other types whose objects are computed from this one as well.
    """

    type: type
    extent: Callable[[Picture], Iterable[Any]]
    get: Callable[[Picture, str], Any | None]
    of: Callable[[Picture, Any], Any | None]
    within: Callable[[Picture, Any], Picture] = lambda picture, _owner: picture
    order: Callable[[Any], Any] = attrgetter("id")
    bears: Callable[[Any], Iterable[OwnerId]] = lambda _owner: ()


# --- associations ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class End:
    """One end of an association: its role and the class maps whose objects may stand there."""

    role: str
    maps: tuple[ClassMap, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """An association, declared once; the other direction is its inverse by construction.

    ``pairs`` yields, for one owner, ``((map, object), (map, object))`` left and right, and a third item where
    ``properties`` read more of the pair. At least one end must belong to the owner.
    """

    cim: str
    left: End
    right: End
    owner: type
    pairs: Callable[[Any, Picture], Iterable[Any]]
    clause: str
    """Where the standard says so."""
    properties: Mapping[str, Source] = field(default_factory=dict)
    """Read from the pair's third item."""
    called: str | None = None
    """The name behind the prefix, where it is not that of ``cim``."""
    near: Callable[[Any, Picture], Iterable[Any]] | None = None
    """The pairs that an object at either end may be in, where they are found without going through all that an owner
    has, and without an index of the owners."""
    one_way: bool = False
    """Who says no role follows it from left to right only: for what joins objects of one class."""
    unsettled_by: Callable[[Any | None, Any | None], bool] = lambda _before, _after: False
    """Whether a change of an object that is not the owner, from one to the other, makes the pairs of any owner others.
    """
    create: Join | None = None
    modify: Change | None = None
    """ModifyInstance: the operation gets the pair's third item, and what the properties' ``Write``s say."""
    delete: Change | None = None
    """DeleteInstance: the operation gets the pair's third item."""
    derived: bool = True
    """As in :class:`ClassMap`."""
    untold: UntoldParts = all_is_told
    """Of what is joined, beside that of the ends."""

    @property
    def name(self) -> str:
        return self.called or self.cim.partition("_")[2]


# --- what is told -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndicationClass:
    """A class of indications ``<prefix>_<name>`` of the view's own: it is ``cim`` (as CIM_InstCreation) about instances
    of the maps ``of``, and is sent to those who select it."""

    name: str
    cim: str
    of: tuple[ClassMap, ...]
    description: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert: what is read of the object that it is about, given as (class map, object)."""

    about: tuple[ClassMap, Any]
    properties: Mapping[str, Value]
    """Properties of CIM_AlertIndication."""
